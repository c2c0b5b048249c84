"""Pictures that hide in metadata: a small copy there would be the unprotected one."""

from __future__ import annotations

import re

_HEADS = re.compile(
    rb"\xff\xd8\xff|\x89PNG\r\n|GIF8[79]a|RIFF....WEBP|ftyp(?:avi|hei|hev|mif|msf)|II\*\0|MM\0\*"
    rb"|\xff\x4f\xff\x51|JXL \r\n|\xff\x0a|8BPS|%PDF",
    re.DOTALL,
)
_LINES = re.compile(r"(?:[A-Za-z0-9+/_-]{40,}[=\s]*){4,}|[A-Za-z0-9+/_-]{160,}")
_NUMBERS = re.compile(r"(?:\d{1,3}[,;\s]+){200}")
_LONGEST = 4096  # bytes of numbers; the smallest previews are about as large


def holds_picture(data: bytes) -> bool:
    """Numbers that begin a picture somewhere, or are so many that they could be one as they are."""
    return len(data) > _LONGEST or bool(_HEADS.search(data))


def spells_picture(text: str) -> bool:
    """Text that is no prose: bytes in base64, in hexadecimal digits or as a list of numbers."""
    return bool(_LINES.search(text) or _NUMBERS.search(text))
