"""JPEG: 8 bits, no alpha; colour is never thinned out (4:4:4), because the change is in it too."""

from __future__ import annotations

import pyvips
from torch import Tensor

from ..messages import Field
from ..pixels.flatten import on_white
from ..types import Artwork, Keep
from . import metadata, vips
from .base import Format

_LARGEST = 65500  # pixels on one side, a limit of libjpeg's writer


def read(data: bytes, what: Field) -> Artwork:
    return vips.read(pyvips.Image.jpegload_buffer, data, what)


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
