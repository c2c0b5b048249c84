"""Pictures that hide in metadata: a small copy there would be the unprotected one."""

from __future__ import annotations

import base64
import math
import re
from collections import Counter
from collections.abc import Iterator

_HEADS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8[79]a|RIFF....WEBP|ftyp(?:avi|hei|hev|mif|msf)|II\*\0|MM\0\*"
    rb"|\xff\x4f\xff\x51|JXL \r\n|\xff\x0a|8BPS|%PDF",
    re.DOTALL,
)
_LINES = re.compile(r"(?:[A-Za-z0-9+/_-]{40,}[=\s]*){4,}|[A-Za-z0-9+/_-]{160,}")
_NUMBERS = re.compile(r"(?:\d{1,3}[,;:\s]+){200}")
_CODINGS = (
    (re.compile(r"[0-9A-Fa-f]{400,}"), 2, bytes.fromhex),
    (re.compile(r"[A-Z2-7]{400,}"), 8, base64.b32decode),
)
"""Runs of letters that are bytes, how many make a group, and how they are read."""
_LONGEST = 4096  # bytes of numbers; the smallest previews are about as large
_DENSE, _ENOUGH = 5.4, 400
"""Bits per letter that no Latin script reaches (about 4.5) and base64 does (6); of how many."""


def holds_picture(data: bytes) -> bool:
    """Numbers that begin a picture somewhere, or are so many that they could be one as they are."""
    return len(data) > _LONGEST or bool(_HEADS.search(data))


def spells_picture(text: str) -> bool:
    """Text that is no prose: bytes in letters, in digits, as a list of numbers, however broken."""
    if _LINES.search(text) or _NUMBERS.search(text):
        return True
    bare = "".join(text.split())
    return dense(bare) or any(map(_HEADS.search, unspelt(bare)))


def dense(text: str) -> bool:
    """Whether the letters are as mixed as only packed bytes are. Letters beyond ASCII are prose."""
    plain = [one for one in text if one.isascii()]
    if len(plain) < max(_ENOUGH, 0.9 * len(text)):
        return False
    shares = (number / len(plain) for number in Counter(plain).values())
    return -sum(share * math.log2(share) for share in shares) > _DENSE


def unspelt(text: str) -> Iterator[bytes]:
    """The bytes that runs of hexadecimal digits or of base32 spell, from each place in a group."""
    for runs, group, read in _CODINGS:
        for run in runs.findall(text):
            for start in range(group):
                length = (len(run) - start) // group * group
                yield read(run[start : start + length])
