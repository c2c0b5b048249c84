"""Why something failed, in a few words for the artist: a closed set of codes.

What a library or the system says about an error is English and written for programmers. It is kept
in the field `details`, which no message shows: the command line and the docker add it to a bug
report.
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
"""What follows "cause." in a message code; only machine/weights/fetch.py makes "cause.server"."""
LETTERS = 200  # of a library's error text, at most: torch adds a page

FULL = re.compile(
    r"out ?of ?(\w+ )?(memory|resources)|not enough memory|(can't|cannot) allocate memory|"
    r"alloc failed|invalid buffer size"
)
"""How CPU allocators, CUDA, ROCm, XPU and MPS say that memory ran out."""

DEVICE = re.compile(
    r"\b(cuda|hip|cudnn|cublas|miopen|mps|metal|xpu|ur|level zero)\b.*\b(error|fail|lost|status)|"
    r"device[- ]side|device lost|gpu (is )?lost"
)
"""How CUDA, ROCm, XPU and MPS say that the GPU failed; matched once underscores are spaces."""

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
"""Causes by the system's error numbers."""

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
"""Causes by the beginning of SQLite's error names (SQLITE_IOERR_WRITE begins as SQLITE_IOERR)."""

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

NAMES = {
    "AuthenticationException": "not_permitted",  # paramiko
    "NoCredentialsError": "not_permitted",  # botocore
    "SSHException": "network",
    "NoValidConnectionsError": "network",
    "gaierror": "network",  # no server of that name
    "ForbiddenOperation": "not_permitted",  # webdav4
    "TimeoutException": "slow",  # httpx
    "TransportError": "network",
    "ConnectTimeoutError": "slow",
    "ReadTimeoutError": "slow",
    "HTTPClientError": "network",
    "EndpointConnectionError": "network",
}
"""Causes by the names of errors' classes, for libraries that need not be installed; the class that
is nearest to the error counts."""


def cause_of(error: BaseException, otherwise: str = "unknown") -> Message:
    """One of CAUSES as a message, with the details.

    otherwise  the cause where the error itself tells none: a reader of files passes "damaged"
    """
    return message(f"cause.{kind_of(error) or otherwise}", details=details_of(error))


def details_of(error: BaseException) -> str:
    """For programmers: the error's class and the first line of its text."""
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
    told = told or next((NAMES[name] for name in named(error) if name in NAMES), "")
    if not told and isinstance(error, RuntimeError) and DEVICE.search(said_by(error)):
        return "device"
    return told


def named(error: BaseException) -> list[str]:
    """Names of its class and the classes above it, the nearest first."""
    return [one.__name__ for one in type(error).__mro__]


def ran_out_of_memory(error: BaseException) -> bool:
    """Whether the error means that memory ran out, by its class or its text.

    torch has a class for this and does not use it on processors and Apple's GPUs, nor for errors of
    the libraries below it: CUDNN_STATUS_ALLOC_FAILED, UR_RESULT_ERROR_OUT_OF_RESOURCES.
    """
    named = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
    return named or bool(FULL.search(said_by(error)))


def said_by(error: BaseException) -> str:
    return str(error).lower().replace("_", " ")
