"""Why something failed, in a few words for the artist: a closed set of codes.

What a library or the system says of it is written for programmers, and in English. It travels in
the field `details`, which no row shows: the command line and the docker add it for a bug report.
"""

from __future__ import annotations

import errno
import re

from .messages import Message, message

CAUSES = (
    "absent",
    "busy",
    "damaged",
    "device",
    "disk",
    "disk_full",
    "library",
    "memory",
    "network",
    "not_permitted",
    "numbers",
    "server",
    "slow",
    "unknown",
)
"""Ends of their codes; a server's is made where the network is."""
LETTERS = 200  # of what a library says: torch adds a page

FULL = re.compile(
    r"out ?of ?(\w+ )?(memory|resources)|not enough memory|(can't|cannot) allocate memory|"
    r"alloc failed|invalid buffer size"
)
"""Memory running out, in the words of processors, CUDA, ROCm, XPU and MPS."""

DEVICE = re.compile(
    r"\b(cuda|hip|cudnn|cublas|miopen|mps|metal|xpu|ur|level zero)\b.*\b(error|fail|lost|status)|"
    r"device[- ]side|device lost|gpu (is )?lost"
)
"""A card that failed, in the words of the same; underscores are spaces by then."""

NUMBERS = {
    errno.ENOSPC: "disk_full",
    errno.EDQUOT: "disk_full",
    errno.EACCES: "not_permitted",
    errno.EPERM: "not_permitted",
    errno.EROFS: "not_permitted",
    errno.ENOENT: "absent",
    errno.ENOTDIR: "absent",
    errno.EBUSY: "busy",
    errno.ETXTBSY: "busy",
    errno.EIO: "disk",
    errno.ENETUNREACH: "network",
    errno.EHOSTUNREACH: "network",
    errno.ENOMEM: "memory",
}
"""What the system's own numbers mean."""

SHARED = (32, 33)  # Windows: another program has the file open, or has locked a part of it

SQLITE = {
    "SQLITE_BUSY": "busy",
    "SQLITE_LOCKED": "busy",
    "SQLITE_FULL": "disk_full",
    "SQLITE_READONLY": "not_permitted",
    "SQLITE_PERM": "not_permitted",
    "SQLITE_AUTH": "not_permitted",
    "SQLITE_CANTOPEN": "not_permitted",
    "SQLITE_IOERR": "disk",
    "SQLITE_CORRUPT": "damaged",
    "SQLITE_NOTADB": "damaged",
}
"""Beginnings of the names that sqlite gives its errors."""

CLASSES: tuple[tuple[type[BaseException], str], ...] = (
    (MemoryError, "memory"),
    (FloatingPointError, "numbers"),
    (ImportError, "library"),
    (TimeoutError, "slow"),
    (ConnectionError, "network"),
    (FileNotFoundError, "absent"),
    (PermissionError, "not_permitted"),
    (EOFError, "damaged"),
)


def cause_of(error: BaseException, otherwise: str = "unknown") -> Message:
    """One of CAUSES, with the details.

    otherwise  what an error means here that says nothing of itself: who reads a file knows that it
               is damaged
    """
    return message(f"cause.{kind_of(error) or otherwise}", details=details_of(error))


def details_of(error: BaseException) -> str:
    """For programmers: the class and the first line of what it says."""
    first = next(iter(str(error).strip().splitlines()), "")
    return f"{type(error).__name__}: {first}"[:LETTERS] if first else type(error).__name__


def kind_of(error: BaseException) -> str:
    """One of CAUSES; "" where the error does not tell."""
    if ran_out_of_memory(error):
        return "memory"
    if getattr(error, "winerror", None) in SHARED:
        return "busy"
    base = getattr(error, "sqlite_errorname", None) or ""
    told = next((kind for name, kind in SQLITE.items() if base.startswith(name)), "")
    told = told or NUMBERS.get(getattr(error, "errno", None) or 0, "")
    told = told or next((kind for one, kind in CLASSES if isinstance(error, one)), "")
    if not told and isinstance(error, RuntimeError) and DEVICE.search(said_by(error)):
        return "device"
    return told


def ran_out_of_memory(error: BaseException) -> bool:
    """torch has a class for it and does not always use it: not on processors nor on Apple's GPUs.

    Neither do the libraries below it: CUDNN_STATUS_ALLOC_FAILED, UR_RESULT_ERROR_OUT_OF_RESOURCES.
    """
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or bool(FULL.search(said_by(error)))


def said_by(error: BaseException) -> str:
    return str(error).lower().replace("_", " ")
