"""Weights of networks: where they lie, what they must be, and how they are had.

A file belongs here that finds, checks or fetches weights, and looks at nothing in it."""

from .fetch import adopt_folder, fetch_folder
from .judges import ALEXNET, ALEXNET_FILE
from .places import folder_of, folders, present
from .sums import Wanted, how_verified, verified_folder

__all__ = [
    "ALEXNET",
    "ALEXNET_FILE",
    "Wanted",
    "adopt_folder",
    "fetch_folder",
    "folder_of",
    "folders",
    "how_verified",
    "present",
    "verified_folder",
]
