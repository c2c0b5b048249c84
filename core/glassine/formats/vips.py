"""Pixels in and out through libvips, which keeps 16 bits, profiles and alpha exactly.

Pillow, imageio and scikit-image read a 16-bit RGBA file as 8 bits without a word.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("VIPS_WARNING", "0")  # libvips would write to stderr; we raise instead

import numpy as np
import pyvips
from torch import Tensor

from ..causes import details_of
from ..errors import NotUsable, Unreadable
from ..machine import memory
from ..messages import Field, Message, message
from ..pixels.grid import on_grid, to_array, to_tensor
from ..types import Artwork, Keep
from . import colour, described, metadata, profiles

pyvips.cache_set_max(0)  # a cache of decoded pictures would hold gigabytes
pyvips.block_untrusted_set(True)  # loaders for PDF, SVG and the like have no business here

_PROFILE, _DESCRIBED = "icc-profile-data", ("srgb", "rgb", "rgb16", "b-w", "grey16")
_MM_PER_INCH, _USUAL_PPI = 25.4, 72
_HOLLOW = ("unable to call", "unable to copy", "unable to write", "source: bad seek", "vips__")
_WITHIN = (
    *("VipsJpeg: ", "tiff2vips: ", "vipspng: ", "webp: ", "heif: ", "webp2vips: "),
    *(f"{name}load_buffer: " for name in ("jpeg", "tiff", "png", "webp", "heif")),
)
_UNREAD = ("unsupported", "not configured", "not implemented", "not supported", "bits/sample must")
"""How libvips and the libraries in it call what they have no reader for."""

SMALLEST = 32  # pixels; below that no encoder sees more than a few latents


def read(load: Callable[..., Any], data: bytes, what: Field, **options: int) -> Artwork:
    """Decodes a single picture; every doubt about it is an error, never a guess."""
    try:
        image = load(data, fail_on="error", **options)
        check_header(image, what, single="page" in options)
        image, told = with_profile(image, data, what)
        image, notes = colour.as_rgb(upright(image))
        rgb, alpha, depth = planes(image)
    except pyvips.Error as error:
        raise unreadable(what, error) from error
    keep, more = metadata.keep(image, depth, data)
    if image.get_typeof("glassine-turned"):
        more = (message("vips.turned"), *more)
    return Artwork(rgb, alpha, keep, (*told, *notes, *more))


def with_profile(
    image: pyvips.Image, data: bytes, what: Field
) -> tuple[pyvips.Image, tuple[Message, ...]]:
    """With the profile of the colours that the file describes in another way."""
    plain = image.format in ("uchar", "ushort") and image.interpretation in _DESCRIBED
    block, named = metadata.block_in(image), metadata.profile_named(image)
    said = described.colours_of(data, what) or described.of_camera(block, named)
    if not plain or (image.get_typeof(_PROFILE) and not (said and said.first)):
        return image, ()
    if said is None:
        where = described.unsaid(block, named) if image.bands > 2 else ""
        return image, (message("colour.unsaid", where=where),) if where else ()
    image = image.copy()
    image.set_type(pyvips.GValue.blob_type, _PROFILE, profiles.made(said.colours))
    space = said.colours.name or message("colour.unnamed")
    return image, (message("colour.described", where=said.where, space=space),)


def beside(data: bytes) -> Keep:
    """What a file carries beside its pixels, which are not decoded; nothing where it is none.

    Without its profile: it says nothing of pixels that come from elsewhere.
    """
    try:
        image = pyvips.Image.new_from_buffer(data, "")
        keep, _ = metadata.keep(image, 8, data)
    except pyvips.Error:
        return Keep()
    return replace(keep, icc=None)


def unreadable(what: Field, error: pyvips.Error) -> Unreadable:
    """Whole, but of a kind that libvips does not read; else damaged."""
    lines = libvips_lines(error)
    for line in lines:
        if any(words in line.lower() for words in _UNREAD):
            return Unreadable("vips.unread", what=what, details=line)
    return Unreadable("vips.damaged", what=what, details=lines[0] if lines else details_of(error))


def libvips_lines(error: pyvips.Error) -> list[str]:
    """What libvips says, without what it says of itself: which call failed, and in which part."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line.partition(": ")[2] or line for line in lines if line.startswith(_WITHIN)]
    rest = [line for line in lines if line and not line.startswith((*_WITHIN, *_HOLLOW))]
    told = [line for line in (*said, *rest) if not line.startswith(_HOLLOW)]
    return list(dict.fromkeys(line for line in told if line != "load error"))


def check_header(image: pyvips.Image, what: Field, single: bool = False) -> None:
    """From the header alone: one frame, large enough to matter, small enough for this machine.

    single  it is the one picture of several that was chosen
    """
    width, height = image.width, image.height
    frames = image.get("n-pages") if image.get_typeof("n-pages") else 1
    if frames > 1 and not single:
        raise many(what, frames)
    if min(width, height) < SMALLEST:
        raise NotUsable("vips.too_small", what=what, width=width, height=height, least=SMALLEST)
    memory.check_fits(width, height, what)


def many(what: Field, frames: int | None = None) -> NotUsable:
    if frames is None:
        return NotUsable("vips.animated", what=what)
    return NotUsable("vips.frames", what=what, frames=frames)


def upright(image: pyvips.Image) -> pyvips.Image:
    """Applies the camera's or scanner's orientation, which viewers forget when it is stored."""
    turned = image.get_typeof("orientation") and image.get("orientation") not in (0, 1)
    if not turned:
        return image
    image = image.autorot().copy()
    image.set_type(pyvips.GValue.gint_type, "glassine-turned", 1)
    return image


def planes(image: pyvips.Image) -> tuple[Tensor, Tensor | None, int]:
    """8- or 16-bit RGB or RGBA -> rgb (3, H, W), alpha (1, H, W) or None, bits."""
    pixels = image.numpy()
    depth, white = 8 * pixels.dtype.itemsize, brightest(image)
    rgb = to_tensor(pixels[..., :3])
    alpha = to_tensor(pixels[..., 3:4]) if image.bands > 3 else None
    if white < 1:
        rgb = on_grid(rgb.div_(white), depth)
        alpha = None if alpha is None else on_grid(alpha.div_(white), depth)
    return rgb, alpha, depth


def brightest(image: pyvips.Image) -> float:
    """What white is after libvips has shifted 10- or 12-bit values up to 16 bits."""
    bits = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 16
    if image.format != "ushort" or not 8 < bits < 16:
        return 1.0
    return float((2**bits - 1) * 2 ** (16 - bits) / (2**16 - 1))


def image_of(rgb: Tensor, alpha: Tensor | None, keep: Keep, depth: int) -> pyvips.Image:
    """The picture at that depth with what it must carry, ready for one of libvips' writers."""
    height, width = rgb.shape[1:]
    pixels = to_array(rgb, depth) if alpha is None else with_alpha(rgb, alpha, depth)
    image = pyvips.Image.new_from_memory(
        pixels.data, width, height, pixels.shape[2], "uchar" if depth == 8 else "ushort"
    )
    if keep.grey:
        return grey_of(image, keep, depth)
    per_mm = (keep.ppi or _USUAL_PPI) / _MM_PER_INCH
    kind = "srgb" if depth == 8 else "rgb16"
    return metadata.carry(image.copy(interpretation=kind, xres=per_mm, yres=per_mm), keep)


def grey_of(image: pyvips.Image, keep: Keep, depth: int) -> pyvips.Image:
    """One channel of it, and alpha: all three hold the same."""
    see_through = image[3:4] if image.bands > 3 else []
    per_mm = (keep.ppi or _USUAL_PPI) / _MM_PER_INCH
    kind = "b-w" if depth == 8 else "grey16"
    plain = image[0].bandjoin(see_through).copy(interpretation=kind, xres=per_mm, yres=per_mm)
    return metadata.carry(plain, keep)


def with_alpha(rgb: Tensor, alpha: Tensor, depth: int) -> np.ndarray:
    """(H, W, 4) integers; joined after rounding, so that no float copy of all four is made."""
    return np.concatenate((to_array(rgb, depth), to_array(alpha, depth)), axis=2)


def check_sides(rgb: Tensor, largest: int, name: str) -> None:
    height, width = rgb.shape[1:]
    if max(height, width) > largest:
        raise NotUsable("vips.sides", name=name, width=width, height=height, largest=largest)


def pixel_count(path: Path) -> int:
    """How many a file has, by its header; 0 where libvips does not know. Raises OSError."""
    try:
        with path.open("rb") as stream:  # libvips takes no name that is not text
            source = pyvips.Source.new_from_descriptor(stream.fileno())
            image = pyvips.Image.new_from_source(source, "", access="sequential")
    except pyvips.Error:
        return 0
    return int(image.width * image.height)
