"""AVIF: small, with alpha. 8-bit pictures are exact at quality 100, 16-bit ones become 12-bit."""

from __future__ import annotations

import pyvips
from torch import Tensor

from ..messages import Field
from ..types import Artwork, Keep
from . import metadata, vips
from .base import Format

_LARGEST = 16384  # pixels on one side, a limit of libheif's writer
_EXACT = 100
_SEQUENCE = b"avis"


def read(data: bytes, what: Field) -> Artwork:
    if data[8:12] == _SEQUENCE:
        raise vips.many(what)
    return vips.read(pyvips.Image.heifload_buffer, data, what, n=1)


def write(rgb: Tensor, alpha: Tensor | None, keep: Keep, quality: int) -> bytes:
    vips.check_sides(rgb, _LARGEST, "AVIF")
    if keep.depth > 8:
        rgb, alpha = in_twelve_bits(rgb), None if alpha is None else in_twelve_bits(alpha)
    image = vips.image_of(rgb, alpha, keep, keep.depth)
    data: bytes = image.heifsave_buffer(
        compression="av1",
        Q=quality,
        lossless=quality >= _EXACT,
        bitdepth=8 if keep.depth == 8 else 12,
        subsample_mode="off",
        effort=4,
        keep=metadata.flags(keep, ppi_in_exif=True),
    )
    return data


def in_twelve_bits(picture: Tensor) -> Tensor:
    """The picture, rounded to 12 bits: libvips drops the last four of 16 bits without rounding."""
    return (picture * (2**12 - 1)).round_().mul_(2**4 / (2**16 - 1))


def opens(data: bytes) -> bool:
    return data[4:8] == b"ftyp" and (b"avif" in data[8:48] or _SEQUENCE in data[8:48])


ENTRY = Format(
    says="AVIF, smallest, takes back some of the effect",
    suffixes=(".avif",),
    lossy=True,
    depths=(8,),
    opens=opens,
    read=read,
    write=write,
    largest=_LARGEST,
)
