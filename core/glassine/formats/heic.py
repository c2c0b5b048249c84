"""HEIC, as phones write it: read through pillow-heif, an optional package."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec

import numpy as np
import pyvips

from ..causes import details_of
from ..errors import EntryMissing, Unreadable
from ..machine import memory
from ..messages import Field
from ..types import Artwork
from . import vips
from .base import Format

_KINDS = (b"heic", b"heix", b"heim", b"heis", b"mif1")
_SEQUENCES = (b"hevc", b"hevx", b"msf1")
_BLOBS = {"icc_profile": "icc-profile-data", "exif": "exif-data", "xmp": "xmp-data"}


def read(data: bytes, what: Field) -> Artwork:
    if data[8:12] in _SEQUENCES:
        raise vips.many(what)
    if find_spec("pillow_heif") is None:
        raise EntryMissing("format", "heic", "pillow-heif")
    return vips.read(partial(decoded, what), data, what)


def decoded(what: Field, data: bytes, fail_on: str) -> pyvips.Image:
    """The main picture with its profile, EXIF and XMP; pillow-heif has turned it upright."""
    import pillow_heif

    try:
        file = pillow_heif.open_heif(data, convert_hdr_to_8bit=False)
        width, height = file.size
        memory.check_fits(width, height, what)
        numbers = np.asarray(file)
    except (ValueError, RuntimeError, SyntaxError, OSError, EOFError) as error:
        raise Unreadable("heic.damaged", details=details_of(error)) from error
    grey, wide = numbers.ndim == 2, numbers.dtype == np.uint16
    kind = ("grey16" if wide else "b-w") if grey else ("rgb16" if wide else "srgb")
    image = pyvips.Image.new_from_array(np.ascontiguousarray(numbers), interpretation=kind).copy()
    for name, field in _BLOBS.items():
        if blob := file.info.get(name):
            image.set_type(pyvips.GValue.blob_type, field, bytes(blob))
    image.set_type(pyvips.GValue.gint_type, "bits-per-sample", int(file.info.get("bit_depth", 8)))
    return image


ENTRY = Format(
    says="HEIC",
    suffixes=(".heic", ".heif"),
    lossy=True,
    depths=(8, 16),
    opens=lambda data: (
        data[4:8] == b"ftyp" and data[8:12] in (*_KINDS, *_SEQUENCES) and b"avif" not in data[8:48]
    ),
    read=read,
    write=None,
)
