"""Why the system refused, in a few words for the artist; the system's words are `details`."""

from __future__ import annotations

import errno

from .gaps import Message, message

CAUSES = {
    errno.ENOSPC: "cause_disk_full",
    errno.EDQUOT: "cause_disk_full",
    errno.EACCES: "cause_not_permitted",
    errno.EPERM: "cause_not_permitted",
    errno.EROFS: "cause_not_permitted",
    errno.ENOENT: "cause_absent",
    errno.ENOTDIR: "cause_absent",
    errno.EBUSY: "cause_busy",
}
SHARED = (32, 33)  # Windows: another program has the file open, or has locked a part of it
LETTERS = 200


def cause_of(error: OSError) -> Message:
    told = CAUSES.get(error.errno or 0, "cause_unknown")
    code = "cause_busy" if getattr(error, "winerror", None) in SHARED else told
    return message(code, details=details_of(error))


def details_of(error: BaseException) -> str:
    """The error's class and the first line of its text."""
    return f"{type(error).__name__}: {str(error).strip().partition(chr(10))[0]}"[:LETTERS]
