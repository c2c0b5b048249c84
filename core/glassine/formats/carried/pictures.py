"""Finds pictures that hide in metadata: a thumbnail there would show the unprotected picture."""

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
"""Runs of characters that encode bytes, how many characters make a group, and the decoder."""
_LONGEST = 4096  # bytes of a value; the smallest previews are about as large
_DENSE, _ENOUGH = 5.4, 400
"""Entropy in bits per character that text in Latin script does not reach (about 4.5) and base64
does (6); fewest characters in which it is measured."""


def holds_picture(data: bytes) -> bool:
    """Whether bytes hold the beginning of a picture, or are enough for a picture without one."""
    return len(data) > _LONGEST or bool(_HEADS.search(data))


def spells_picture(text: str) -> bool:
    """Whether text could encode a picture: in base64, hexadecimal or a list of numbers, with any
    separators."""
    if _LINES.search(text) or _NUMBERS.search(text):
        return True
    if dense("".join(text.split())) or _HEADS.search(unescaped(text)):
        return True
    return any(map(_HEADS.search, unspelt(_BETWEEN.sub("", text))))


def dense(text: str) -> bool:
    """Whether the characters have the entropy of encoded bytes; text beyond ASCII is prose."""
    plain = [one for one in text if one.isascii()]
    if len(plain) < max(_ENOUGH, 0.9 * len(text)):
        return False
    shares = (number / len(plain) for number in Counter(plain).values())
    return -sum(share * math.log2(share) for share in shares) > _DENSE


def unescaped(text: str) -> bytes:
    """The bytes of text in which some are escaped as in URLs, e-mails and programs."""

    def letter(found: re.Match[str]) -> str:
        return chr(int(found[1], 16) if found[1] else int(found[2], 8))

    return _ESCAPED.sub(letter, text).encode("latin-1", "replace")


def unspelt(text: str) -> Iterator[bytes]:
    """The bytes that runs of hexadecimal digits or base32 encode, decoded from each offset within a
    group."""
    for runs, group, read in _CODINGS:
        for run in runs.findall(text):
            for start in range(group):
                length = (len(run) - start) // group * group
                yield read(run[start : start + length])
