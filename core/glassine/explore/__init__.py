"""The search for a change: gradient steps towards the goals, tile by tile, size by size.

A file belongs here that helps to find the change at full reach; how much of it stays is decided
later (flow/settle.py)."""
