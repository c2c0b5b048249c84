"""The search for a change: gradient steps towards the goals, view by view.

A file belongs here if it helps to find the change at full reach. How much of that change stays is
decided later (flow/settle.py)."""
