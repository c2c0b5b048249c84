"""What this computer offers: devices, memory, disk, and networks' weights.

A file belongs here if it would be the same in a program that has nothing to do with pictures."""
