"""JPEG: 8 bits, no alpha; colour is not subsampled (4:4:4), because the change is in it too."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace

import pyvips
from torch import Tensor

from ..errors import Unreadable
from ..messages import Field, message
from ..pixels.flatten import on_white
from ..types import Artwork, Keep
from . import metadata, vips
from .base import Format

_END = b"\xff\xd9"
_LARGEST = 65500  # pixels on one side, a limit of libjpeg's writer


def read(data: bytes, what: Field) -> Artwork:
    """The artwork. A file without its end marker, as some phones write it, is read where all of its
    pixels are there."""
    if has_end(data):
        return vips.read(pyvips.Image.jpegload_buffer, data, what)
    for mended in with_end(data) if refined(data) else ():
        with suppress(Unreadable):
            artwork = vips.read(strictly, mended, what)
            return replace(artwork, notes=(message("jpeg.no_end"), *artwork.notes))
    vips.read(strictly, data.rstrip(b"\0"), what)  # raises and says what is wrong
    raise Unreadable("vips.damaged", what=what)  # cut between two scans: libjpeg does not warn


def has_end(data: bytes) -> bool:
    """Whether an end marker follows the first pixels; a preview before them has its own."""
    at = 2
    while data[at : at + 1] == b"\xff" and data[at + 1 : at + 2] not in (b"\xda", b""):
        at += 2 + int.from_bytes(data[at + 2 : at + 4], "big")
    return _END in data[at:]


def refined(data: bytes) -> bool:
    """Whether a progressive picture has all its scans: one that was cut between two scans reads as
    whole and is only coarser. True for every other picture."""
    rest, progressive = dict[tuple[int, int], int](), False
    for marker, body in segments(data):
        if 0xC0 <= marker <= 0xC3 and len(body) > 5:
            progressive = marker == 0xC2
            ids = body[6 : 6 + 3 * body[5] : 3]
            rest = {(one, value): 1 for one in ids for value in range(64)}
        elif marker == 0xDA and len(body) > 3:
            ids, first, last, bits = body[1 : 1 + 2 * body[0] : 2], *body[-3:]
            rest |= {(one, value): bits & 15 for one in ids for value in range(first, last + 1)}
    return not progressive or not any(rest.values())


def segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """(marker, contents) of every segment; coded pixels, where markers are escaped, are skipped."""
    at = 2
    while (at := data.find(b"\xff", at)) >= 0 and at + 4 <= len(data):
        marker = data[at + 1]
        if marker in (0, _END[0]) or 0xD0 <= marker <= 0xD7:  # escaped byte, padding, restart
            at += 1
            continue
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        if size < 2 or at + 2 + size > len(data):
            return
        yield marker, data[at + 4 : at + 2 + size]
        at += 2 + size


def strictly(data: bytes, fail_on: str) -> pyvips.Image:
    """Decodes with every warning an error: for a truncated picture that ends in an end marker
    libjpeg only warns."""
    return pyvips.Image.jpegload_buffer(data, fail_on="warning")


def with_end(data: bytes) -> Iterator[bytes]:
    """The file with an end marker, in each way in which it may have lost its own: it is missing,
    half of it is there, or zeros stand in its place.

    Zeros at the end are dropped: they would decode as if a truncated picture went on.
    """
    data = data.rstrip(b"\0")
    half = data.endswith(_END[:1])  # half a marker, or a coded 255, which a zero must follow
    for whole in (data[:-1], data + b"\0") if half else (data,):
        yield whole + _END


def write(rgb: Tensor, alpha: Tensor | None, keep: Keep, quality: int) -> bytes:
    vips.check_sides(rgb, _LARGEST, "JPEG")
    image = vips.image_of(on_white(rgb, alpha), None, keep, 8)
    data: bytes = image.jpegsave_buffer(
        Q=quality,
        subsample_mode="off",
        optimize_coding=True,
        keep=metadata.flags(keep, ppi_in_exif=True),
    )
    return data


ENTRY = Format(
    says="JPEG, smaller, takes back some of the effect",
    suffixes=(".jpg", ".jpeg", ".jpe", ".jfif"),
    lossy=True,
    depths=(8,),
    opens=lambda data: data.startswith(b"\xff\xd8\xff"),
    read=read,
    write=write,
    largest=_LARGEST,
)
