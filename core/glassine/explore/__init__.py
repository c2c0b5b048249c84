"""The search for a change: gradient steps towards the goals, view by view.

A file belongs here that helps to find the change at full reach; how much of it stays is decided
later (flow/settle.py)."""
