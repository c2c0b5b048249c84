"""What this computer offers: its devices, memory, disk, and the weights that lie on it.

A file belongs here that would be the same in a program that has nothing to do with pictures."""
