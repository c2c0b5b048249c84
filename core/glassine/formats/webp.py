"""WebP: 8 bits with alpha; quality 100 is exact."""

from __future__ import annotations

import pyvips
from torch import Tensor

from ..messages import Field
from ..types import Artwork, Keep
from . import metadata, vips
from .base import Format

_LARGEST = 16383  # pixels on one side, a limit of the format
_EXACT = 100


def read(data: bytes, what: Field) -> Artwork:
    return vips.read(pyvips.Image.webpload_buffer, data, what, n=1)


def write(rgb: Tensor, alpha: Tensor | None, keep: Keep, quality: int) -> bytes:
    vips.check_sides(rgb, _LARGEST, "WebP")
    image = vips.image_of(rgb, alpha, keep, 8)
    data: bytes = image.webpsave_buffer(
        Q=quality,
        lossless=quality >= _EXACT,
        exact=True,  # colours under transparent pixels stay
        smart_subsample=True,
        keep=metadata.flags(keep, ppi_in_exif=True),
    )
    return data


ENTRY = Format(
    says="WebP, small, takes back some of the effect",
    suffixes=(".webp",),
    lossy=True,
    depths=(8,),
    opens=lambda data: data[:4] == b"RIFF" and data[8:12] == b"WEBP",
    read=read,
    write=write,
    largest=_LARGEST,
)
