"""TIFF: exact, 8 or 16 bits. It is written with profile, XMP and ppi, without EXIF."""

from __future__ import annotations

import struct
import warnings
from io import BytesIO

import numpy as np
import pyvips
from PIL import Image, ImageCms, UnidentifiedImageError
from torch import Tensor

from ..errors import Unreadable
from ..machine import memory
from ..messages import Field, message
from ..pixels.grid import to_tensor
from ..types import Artwork, Keep
from . import directories, metadata, vips
from .base import Format

_DAMAGED = (
    *(UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError),
    *(LookupError, TypeError, ArithmeticError, struct.error),
)
"""What Pillow raises for damaged or hostile files (tests/test_hostile.py)."""


def read(data: bytes, what: Field) -> Artwork:
    try:
        place = directories.chosen(data)
        pages = 1 if place else directories.held(data).pages
        if pages > 1:
            raise vips.many(what, pages)
        options = place.options if place else {}
        return vips.read(pyvips.Image.tiffload_buffer, data, what, **options)
    except Unreadable:
        artwork = eight_bit_lab(data, what)
        if artwork is None:
            raise
        return artwork


def eight_bit_lab(data: bytes, what: Field) -> Artwork | None:
    """Photoshop's 8-bit Lab, which libvips 8.18 cannot open ("bad labq format"), read by Pillow.

    None for every other file.
    """
    try:
        with warnings.catch_warnings(action="ignore"), Image.open(BytesIO(data)) as picture:
            if picture.mode != "LAB":
                return None
            memory.check_fits(*picture.size, what)
            picture.load()
    except _DAMAGED:
        return None
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    turn = ImageCms.buildTransform(lab, srgb, "LAB", "RGB")
    rgb = to_tensor(np.asarray(ImageCms.applyTransform(picture, turn)))
    return Artwork(rgb, None, Keep(), (message("colour.lab"),))


def write(rgb: Tensor, alpha: Tensor | None, keep: Keep, quality: int) -> bytes:
    image = vips.image_of(rgb, alpha, keep, keep.depth)
    data: bytes = image.tiffsave_buffer(
        compression="deflate", predictor="horizontal", keep=metadata.flags(keep)
    )
    return data


ENTRY = Format(
    says="TIFF, exact, for print",
    suffixes=(".tif", ".tiff"),
    lossy=False,
    depths=(8, 16),
    opens=lambda data: data[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    read=read,
    write=write,
)
