"""Checks of a picture file's metadata before any library parses it.

Libraries trust the sizes that a file declares. These checks come first and refuse what no picture
needs: blocks of metadata larger than a book, text that decompresses without end, XML that defines
entities. Layouts: PNG 3rd edition; RIFF; TIFF 6.0; ISO 14496-12.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator

from ..errors import Unreadable
from ..messages import Message, message

LIMIT = 16 << 20
"""Most bytes of one block of metadata. XMP packets of real files have a few kilobytes."""

MANIFEST = bytes.fromhex("6332706100110010800000aa00389b71")
"""The UUID with which every C2PA manifest store begins (C2PA 2.2, 11.1.4.2)."""

_PIXELS = {
    "png": (b"IDAT", b"fdAT"),
    "webp": (b"VP8 ", b"VP8L", b"ALPH", b"ANMF"),
    "avif": (b"mdat",),
}
_START, _END = b"<x:xmpmeta", b"</x:xmpmeta>"
_MOST = 1_000_000  # blocks of a file; a PNG of 500 MB has some 60,000


def kind(data: bytes) -> str:
    """The container by the file's first bytes; "" for any other file."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "png"
    if data.startswith(b"\xff\xd8\xff"):
        return "jpeg"
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "webp"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return "tiff"
    return "avif" if data[4:8] == b"ftyp" else ""


def check_metadata(data: bytes) -> str:
    """The container; raises Unreadable where its metadata has an unreasonable size or shape."""
    container = kind(data)
    for number, (name, size, body) in enumerate(blocks(data, container)):
        if number > _MOST:
            raise refused_block(name, message("containers.pieces", most=_MOST))
        if name not in _PIXELS.get(container, ()) and size > LIMIT:
            raise refused_block(name, message("containers.large", size=size >> 20))
        if container == "png" and name in (b"zTXt", b"iTXt", b"iCCP"):
            _inflates(name, body)
    packet(data)
    return container


def packet(data: bytes) -> bytes | None:
    """The XMP packet, found by its markers as the XMP specification (part 3, 2.1) allows; None
    where there is none."""
    start = data.find(_START)
    end = data.find(_END, start) + len(_END)
    if start < 0 or end < len(_END):
        return None
    if end - start > LIMIT:
        raise refused_block(b"XMP", message("containers.large", size=(end - start) >> 20))
    around = data[max(0, start - 4096) : end]
    bare = around.replace(b"\0", b"")  # so that UTF-16 does not hide an entity
    if b"<!ENTITY" in bare or b"<!DOCTYPE" in bare:
        raise refused_block(b"XMP", message("containers.entities"))
    return data[start:end]


def signed(data: bytes) -> bool:
    """Whether the file carries a C2PA manifest, valid or not."""
    return MANIFEST in data


def blocks(data: bytes, container: str) -> Iterator[tuple[bytes, int, bytes]]:
    """(name, declared size, body) of every block; bodies may be truncated or empty."""
    if container == "png":
        yield from _chunks(data, 8, "big", 4, 12)
    elif container == "webp":
        yield from _chunks(data, 12, "little", 0, 8)
    elif container == "tiff":
        yield from _tags(data)
    elif container == "avif":
        yield from _boxes(data)


def _chunks(
    data: bytes, at: int, order: str, name_at: int, extra: int
) -> Iterator[tuple[bytes, int, bytes]]:
    """Blocks of PNG (size, then name) or RIFF (name, then size), from offset `at` on.

    extra  bytes of a block besides its body
    """
    while at + 8 <= len(data):
        size_at = at if name_at else at + 4
        size = int.from_bytes(data[size_at : size_at + 4], "big" if order == "big" else "little")
        body = data[at + 8 : at + 8 + min(size, LIMIT)]
        yield data[at + name_at : at + name_at + 4], size, body
        at += size + extra + (size % 2 if extra == 8 else 0)


def _tags(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    """The tags of a TIFF's first directory for XMP, IPTC, Photoshop, ICC and C2PA."""
    order = "little" if data[:2] == b"II" else "big"

    def number(at: int, size: int) -> int:
        return int.from_bytes(data[at : at + size], "big" if order == "big" else "little")

    start = number(4, 4)
    for at in range(start + 2, start + 2 + 12 * number(start, 2), 12):
        if number(at, 2) in (700, 33723, 34377, 34675, 52545):
            offset = number(at + 8, 4)
            yield f"tag {number(at, 2)}".encode(), number(at + 4, 4), data[offset : offset + 64]


def _boxes(data: bytes) -> Iterator[tuple[bytes, int, bytes]]:
    at = 0
    while at + 8 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if size == 1:
            size = int.from_bytes(data[at + 8 : at + 16], "big")
        size = size if size >= 8 else len(data) - at
        yield name, size, b""
        at += size


def _inflates(name: bytes, body: bytes) -> None:
    """Refuses text that decompresses to more than LIMIT, without decompressing all of it."""
    start = body.find(b"\0") + 2
    if name == b"iTXt":
        if body[start - 1 : start] != b"\x01":
            return
        start = body.find(b"\0", body.find(b"\0", start + 1) + 1) + 1
    try:
        unfold = zlib.decompressobj()
        unfold.decompress(body[start:], LIMIT)
    except zlib.error:
        return  # damaged text: the library that reads it will say so
    if unfold.unconsumed_tail:
        raise refused_block(name, message("containers.unfolds", size=LIMIT >> 20))


def refused_block(name: bytes, reason: Message) -> Unreadable:
    return Unreadable("containers.refused", block=name.decode("latin-1"), reason=reason)
