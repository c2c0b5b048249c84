"""PNG: exact, 8 or 16 bits, with everything that a painting carries."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import replace

import pyvips
from torch import Tensor

from ..errors import Unreadable
from ..machine import memory
from ..messages import Field
from ..types import Artwork, Keep
from . import metadata, vips
from .base import Format

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_ON_PAPER = b"pHYs"
_PACKET = b"XML:com.adobe.xmp\0"
_FILTERS = ("none", "sub", "up", "avg", "paeth", "all")
_EFFORT, _TRIED = 7, 512  # level of deflate; side in pixels of the crop on which filters are tried


def chunks(data: bytes) -> Iterator[tuple[bytes, int, int]]:
    """Name, start and end of each chunk up to the first pixels."""
    at = len(_SIGNATURE)
    while at + 8 <= len(data):
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if name == b"IDAT":
            return
        yield name, at, at + 12 + size
        at += 12 + size


def read(data: bytes, what: Field) -> Artwork:
    width, height = (int.from_bytes(data[at : at + 4], "big") for at in (16, 20))
    if len(data) > 24 and not width * height:
        raise Unreadable("png.no_size", what=what, width=width, height=height)
    memory.check_fits(width, height, what)
    if any(name == b"acTL" for name, _, _ in chunks(data)):
        raise vips.many(what)
    artwork = vips.read(pyvips.Image.pngload_buffer, data, what)
    if any(name == _ON_PAPER for name, _, _ in chunks(data)):
        return artwork
    return replace(artwork, keep=replace(artwork.keep, ppi=None))  # libvips assumes 72


def write(rgb: Tensor, alpha: Tensor | None, keep: Keep, quality: int) -> bytes:
    image = vips.image_of(rgb, alpha, keep, keep.depth)
    data: bytes = image.pngsave_buffer(
        compression=_EFFORT, filter=best_filter(image), keep=metadata.flags(keep)
    )
    data = with_plain_packet(data, keep.xmp) if keep.xmp else data
    return data if keep.ppi else without_size_on_paper(data)


def best_filter(image: pyvips.Image) -> str:
    """The filter with which the picture's middle becomes smallest.

    No filter is best for all pictures, and a bad one makes files a fifth larger and more. Palettes
    are not tried: a protected picture has thousands of colours.
    """
    width, height = min(image.width, _TRIED), min(image.height, _TRIED)
    middle = image.crop((image.width - width) // 2, (image.height - height) // 2, width, height)

    def weight(name: str) -> int:
        return len(middle.pngsave_buffer(compression=_EFFORT, filter=name, keep="none"))

    return min(_FILTERS, key=weight)


def with_plain_packet(data: bytes, packet: bytes) -> bytes:
    """The file with XMP uncompressed, as its specification (part 3, 1.1.5) demands: libvips
    compresses it, and few programs read that."""
    body = b"iTXt" + _PACKET + bytes(4) + packet
    chunk = (len(body) - 4).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")
    for name, start, end in chunks(data):
        if name == b"zTXt" and data[start + 8 : end].startswith(_PACKET):
            return data[:start] + chunk + data[end:]
    return data


def without_size_on_paper(data: bytes) -> bytes:
    """The file without the chunk pHYs: libvips always writes one, and other programs would believe
    it."""
    for name, start, end in chunks(data):
        if name == _ON_PAPER:
            return data[:start] + data[end:]
    return data


ENTRY = Format(
    says="PNG, exact",
    suffixes=(".png",),
    lossy=False,
    depths=(8, 16),
    opens=lambda data: data.startswith(_SIGNATURE),
    read=read,
    write=write,
)
