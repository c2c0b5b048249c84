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
_NUMBERS = re.compile(r"(?<![0-9A-Fa-f])(?:[0-9A-Fa-f]{1,3}(?:[\W_]{1,3}(?:0?x)?)){200}")
_ESCAPED = re.compile(r"(?:%|=|0x|\\x|\\u00|&#x)([0-9A-Fa-f]{2});?|\\([0-3][0-7]{2})")
_BETWEEN = re.compile(r"0x|\\x|[\W_]+")
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
    if dense("".join(text.split())) or _HEADS.search(unescaped(text)):
        return True
    return any(map(_HEADS.search, unspelt(_BETWEEN.sub("", text))))


def dense(text: str) -> bool:
    """Whether the letters are as mixed as only packed bytes are. Letters beyond ASCII are prose."""
    plain = [one for one in text if one.isascii()]
    if len(plain) < max(_ENOUGH, 0.9 * len(text)):
        return False
    shares = (number / len(plain) for number in Counter(plain).values())
    return -sum(share * math.log2(share) for share in shares) > _DENSE


def unescaped(text: str) -> bytes:
    """The bytes of text in which some are written as addresses, letters and programs write them."""

    def letter(found: re.Match[str]) -> str:
        return chr(int(found[1], 16) if found[1] else int(found[2], 8))

    return _ESCAPED.sub(letter, text).encode("latin-1", "replace")


def unspelt(text: str) -> Iterator[bytes]:
    """The bytes that runs of hexadecimal digits or of base32 spell, from each place in a group."""
    for runs, group, read in _CODINGS:
        for run in runs.findall(text):
            for start in range(group):
                length = (len(run) - start) // group * group
                yield read(run[start : start + length])
