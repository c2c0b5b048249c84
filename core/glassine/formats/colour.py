"""Conversion of pictures that are not RGB to RGB, by their own profile where they have one."""

from __future__ import annotations

import pyvips

from ..errors import NotUsable
from ..messages import Message, message

_WIDE = ("ushort", "short", "uint", "int", "float", "double", "complex")
_WHOLE = ("uchar", "ushort")
_PROFILE = "icc-profile-data"


def as_rgb(image: pyvips.Image) -> tuple[pyvips.Image, tuple[Message, ...]]:
    """Any picture -> 8- or 16-bit RGB or RGBA, and notes about what was converted."""
    image, notes = without_extras(image)
    kind = image.interpretation
    note: Message | None = None
    if kind == "cmyk":
        image, note = from_cmyk(image)
    elif kind in ("b-w", "grey16") and image.format in _WHOLE:
        image, note = from_grey(image)
    elif kind in ("lab", "labs", "labq", "xyz"):
        image, note = without_profile(image.colourspace("rgb16")), message("colour.lab")
    elif image.format in ("float", "double"):
        image, note = from_float(image)
    elif kind not in ("srgb", "rgb", "rgb16") or image.format not in _WHOLE:
        raise NotUsable("colour.unknown", kind=kind, numbers=image.format)
    return image, (*notes, *((note,) if note else ()))


def without_extras(image: pyvips.Image) -> tuple[pyvips.Image, tuple[Message, ...]]:
    """Drops bands beyond colour and alpha (spot colours, saved selections)."""
    colours = {"cmyk": 4, "b-w": 1, "grey16": 1}.get(image.interpretation, 3)
    if image.bands <= colours + 1:
        return image, ()
    note = message("colour.extra", count=image.bands - colours - 1)
    return image.extract_band(0, n=colours + 1), (note,)


def from_cmyk(image: pyvips.Image) -> tuple[pyvips.Image, Message]:
    """CMYK -> sRGB by its profile, or by libvips' general one."""
    own = bool(image.get_typeof(_PROFILE))
    depth = 16 if image.format in _WIDE else 8
    image = image.icc_transform("srgb", embedded=True, input_profile="cmyk", depth=depth)
    return image, message("colour.cmyk") if own else message("colour.cmyk_without_profile")


def from_grey(image: pyvips.Image) -> tuple[pyvips.Image, Message]:
    """Grey -> sRGB by its profile; without one, all three channels hold the grey values."""
    wide = image.format in _WIDE
    if not image.get_typeof(_PROFILE):
        return image.colourspace("rgb16" if wide else "srgb"), message("colour.grey_stored")
    try:
        image = image.icc_transform("srgb", embedded=True, depth=16 if wide else 8)
    except pyvips.Error:  # a profile for RGB in a grey file: seen in the wild
        image = without_profile(image.colourspace("rgb16" if wide else "srgb"))
    return image, message("colour.grey")


def from_float(image: pyvips.Image) -> tuple[pyvips.Image, Message]:
    """Floating point -> 16-bit sRGB; the values are taken for linear light in [0, 1], as TIFF and
    painting programs store them."""
    if image.bands < 3:  # grey, and perhaps alpha
        image = image.extract_band(0).bandjoin([image.extract_band(0), image])
    wide = image.copy(interpretation="scrgb").colourspace("rgb16")
    return without_profile(wide), message("colour.floating")


def without_profile(image: pyvips.Image) -> pyvips.Image:
    image = image.copy()
    if image.get_typeof(_PROFILE):
        image.remove(_PROFILE)
    return image
