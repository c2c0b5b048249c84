"""Which files of a folder are, or contain, the artist's own work.

A file belongs here that looks at strangers' files or holds them against works of the artist."""

from .hits import Hit, Search
from .own import Cluster, clusters
from .search import search
from .works import Work, from_folder, from_ledger

__all__ = ["Cluster", "Hit", "Search", "Work", "clusters", "from_folder", "from_ledger", "search"]
