"""What a file carries beside its pixels: profile, EXIF, XMP, size on paper.

Both EXIF and XMP can hold a small copy of the picture. It would be the unprotected one, so it
never leaves the engine.
"""

from __future__ import annotations

import re

import pyvips

from ..messages import Message, message
from ..types import Keep
from .exif import cleaned

_ICC, _EXIF, _XMP, _THUMBNAIL = "icc-profile-data", "exif-data", "xmp-data", "jpeg-thumbnail-data"
_EXIF_PPI, _EXIF_UNIT = "exif-ifd0-XResolution", "exif-ifd0-ResolutionUnit"
_MM_PER_INCH = 25.4
_XMP_THUMBNAIL = re.compile(rb"<xmp:Thumbnails>.*?</xmp:Thumbnails>", re.DOTALL)
_LARGEST = 16 << 20  # bytes; no honest profile or EXIF block is larger


def keep(image: pyvips.Image, depth: int) -> tuple[Keep, tuple[Message, ...]]:
    """What must leave the engine as it came, and what was left out of it and why."""
    notes = []
    exif, xmp = blob(image, _EXIF), blob(image, _XMP)
    small = bool(image.get_typeof(_THUMBNAIL))
    if exif:
        exif, had = cleaned(exif)
        small = small or had
    if xmp and _XMP_THUMBNAIL.search(xmp):
        xmp, small = _XMP_THUMBNAIL.sub(b"", xmp), True
    if small:
        notes.append(message("metadata.small_copy"))
    if any(large(image, name) for name in (_ICC, _EXIF, _XMP)):
        notes.append(message("metadata.too_large", size=_LARGEST >> 20))
    return (
        Keep(
            icc=blob(image, _ICC),
            exif=exif,
            xmp=xmp,
            ppi=ppi(image),
            depth=depth,
        ),
        tuple(notes),
    )


def ppi(image: pyvips.Image) -> float | None:
    """Pixels per inch where the file tells; libvips says 1 per mm where it does not."""
    if abs(image.xres - 1) > 1e-6:
        return float(round(image.xres * _MM_PER_INCH, 2))
    if not image.get_typeof(_EXIF_PPI):
        return None
    number, _, over = image.get(_EXIF_PPI).partition(" ")[0].partition("/")
    unit = image.get(_EXIF_UNIT)[:1] if image.get_typeof(_EXIF_UNIT) else "2"
    try:
        value = float(number) / float(over or 1)
    except (ValueError, ZeroDivisionError):
        return None
    return round(value * (_MM_PER_INCH / 10 if unit == "3" else 1), 2) if value > 1 else None


def large(image: pyvips.Image, name: str) -> bool:
    return bool(image.get_typeof(name)) and len(image.get(name)) > _LARGEST


def blob(image: pyvips.Image, name: str) -> bytes | None:
    if not image.get_typeof(name) or large(image, name):
        return None
    return bytes(image.get(name))


def carry(image: pyvips.Image, keep: Keep) -> pyvips.Image:
    """The image with its metadata; upright, and without any small copy of itself."""
    image = image.copy()
    for name, data in ((_ICC, keep.icc), (_EXIF, keep.exif), (_XMP, keep.xmp)):
        if data:
            image.set_type(pyvips.GValue.blob_type, name, data)
    image.set_type(pyvips.GValue.gint_type, "orientation", 1)
    return image


def flags(keep: Keep, *, ppi_in_exif: bool = False) -> str:
    """libvips' `keep` option; without it libvips would invent an EXIF block."""
    wanted = ["icc", "xmp"]
    if keep.exif or (ppi_in_exif and keep.ppi):
        wanted.append("exif")
    return "|".join(wanted)
