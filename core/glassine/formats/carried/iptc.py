"""IPTC-IIM, the older way to say who made a picture: in JPEG, in TIFF, in a PNG's texts.

Layout: IPTC-NAA IIM 4.2; Adobe's image resources around it (Photoshop File Formats, 2019).
"""

from __future__ import annotations

from collections.abc import Iterator

_TITLE, _BY_LINE, _RIGHTS = 5, 80, 116
_IIM, _PREVIEWS = 0x0404, (0x0409, 0x040C)
_PLACES = range(90, 102)
_WORDS = (25, 105, 120, 118, 122)
_DATES = (55, 60, 62, 63)
_PREVIEW = 202


def resources(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Number and body of each of Adobe's image resources, up to the first that is truncated."""
    data = data.removeprefix(b"Photoshop 3.0\0")
    at = 0
    while data[at : at + 4] == b"8BIM":
        name = 1 + data[at + 6 : at + 7][0] if len(data) > at + 6 else 1
        size_at = at + 6 + name + name % 2
        size = int.from_bytes(data[size_at : size_at + 4], "big")
        body = data[size_at + 4 : size_at + 4 + size]
        if len(body) < size or size_at + 4 > len(data):
            return
        yield int.from_bytes(data[at + 4 : at + 6], "big"), body
        at = size_at + 4 + size + size % 2


def has_preview(data: bytes) -> bool:
    """Whether there is a preview, by Photoshop or in the IIM."""
    return any(number in _PREVIEWS for number, _ in resources(data)) or _PREVIEW in said(data)


def said(data: bytes) -> dict[int, list[str]]:
    """The IIM's record 2: dataset -> texts."""
    plain = next((body for number, body in resources(data) if number == _IIM), data)
    found: dict[int, list[str]] = {}
    for record, dataset, body in datasets(plain):
        if record == 2 and dataset:
            found.setdefault(dataset, []).append(decoded(body))
    return found


def datasets(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Record, number and body of each dataset; a long one stores the length of its size first."""
    at = 0
    while data[at : at + 1] == b"\x1c" and at + 5 <= len(data):
        size, start = int.from_bytes(data[at + 3 : at + 5], "big"), at + 5
        if size & 0x8000:
            start += size & 0x7FFF
            size = int.from_bytes(data[at + 5 : start], "big")
        if start + size > len(data):
            return
        yield data[at + 1], data[at + 2], data[start : start + size]
        at = start + size


def decoded(raw: bytes) -> str:
    """The text as UTF-8, else Latin-1; the dataset that names the coding is often wrong."""
    try:
        return raw.decode().strip("\0 ")
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip("\0 ")


def by_line(told: dict[int, list[str]]) -> tuple[tuple[str, ...], str, str]:
    """Creators, rights and title."""
    rights, title = (next(iter(told.get(one, ())), "") for one in (_RIGHTS, _TITLE))
    return tuple(filter(None, told.get(_BY_LINE, ()))), rights, title


def dataset_kinds(told: dict[int, list[str]]) -> set[str]:
    """What kinds of private metadata it holds: NAME of each message "metadata.NAME"."""
    found = set()
    for dataset in told:
        if dataset in _PLACES:
            found.add("place")
        elif dataset in _WORDS:
            found.add("words")
        elif dataset in _DATES:
            found.add("date")
        elif dataset not in (_TITLE, _BY_LINE, _RIGHTS, *range(200, 203)):
            found.add("other")
    return found
