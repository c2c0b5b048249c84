"""Weights of networks: where they are stored, how they are checked, how they are fetched.

A file belongs here if it finds, checks, fetches or reads weights without running a network."""

from .fetch import adopt_folder, fetch_folder
from .judges import ALEXNET, ALEXNET_FILE
from .places import folder_of, folders, present
from .removers import MAXIM, MAXIM_FILE
from .shipped import EMBEDDED, RESEARCH, SHIPPED_MODEL, is_shipped, model_folder
from .sums import Wanted, how_verified, verified_folder

__all__ = [
    "ALEXNET",
    "ALEXNET_FILE",
    "EMBEDDED",
    "MAXIM",
    "MAXIM_FILE",
    "RESEARCH",
    "SHIPPED_MODEL",
    "Wanted",
    "adopt_folder",
    "fetch_folder",
    "folder_of",
    "folders",
    "how_verified",
    "is_shipped",
    "model_folder",
    "present",
    "verified_folder",
]
