"""Pixels in and out through libvips, which keeps 16 bits, profiles and alpha exactly.

Pillow, imageio and scikit-image silently read a 16-bit RGBA file as 8 bits.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

os.environ.setdefault("VIPS_WARNING", "0")  # no warnings on stderr: this file raises instead

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
pyvips.block_untrusted_set(True)  # no loaders for PDF, SVG and the like

_PROFILE, _DESCRIBED = "icc-profile-data", ("srgb", "rgb", "rgb16", "b-w", "grey16")
_MM_PER_INCH, _USUAL_PPI = 25.4, 72
_HOLLOW = ("unable to call", "unable to copy", "unable to write", "source: bad seek", "vips__")
_WITHIN = (
    *("VipsJpeg: ", "tiff2vips: ", "vipspng: ", "webp: ", "heif: ", "webp2vips: "),
    *(f"{name}load_buffer: " for name in ("jpeg", "tiff", "png", "webp", "heif")),
)
_UNREAD = ("unsupported", "not configured", "not implemented", "not supported", "bits/sample must")
"""Words with which libvips and its libraries say that they cannot read a kind of file."""

SMALLEST = 32  # pixels; of a smaller side encoders make only a few latents


def read(load: Callable[..., Any], data: bytes, what: Field, **options: int) -> Artwork:
    """The single picture that `load` decodes; whatever is doubtful is an error, never a guess.

    what  the file's name in messages; `options` are passed on to `load`
    """
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
    """The image; where the file describes its colours in another way than by a profile, with a
    profile made from that, and a note."""
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
    """A file's metadata, without decoding its pixels; empty where the data is no picture.

    It leaves out the profile: callers have the pixels from elsewhere.
    """
    try:
        image = pyvips.Image.new_from_buffer(data, "")
        keep, _ = metadata.keep(image, 8, data)
    except pyvips.Error:
        return Keep()
    return replace(keep, icc=None)


def unreadable(what: Field, error: pyvips.Error) -> Unreadable:
    """The error for a file of a kind that libvips cannot read, or else for a damaged file."""
    lines = libvips_lines(error)
    for line in lines:
        if any(words in line.lower() for words in _UNREAD):
            return Unreadable("vips.unread", what=what, details=line)
    return Unreadable("vips.damaged", what=what, details=lines[0] if lines else details_of(error))


def libvips_lines(error: pyvips.Error) -> list[str]:
    """libvips' reasons, without its lines about which of its own calls and parts failed."""
    lines = [line.strip() for line in str(error).splitlines()]
    said = [line.partition(": ")[2] or line for line in lines if line.startswith(_WITHIN)]
    rest = [line for line in lines if line and not line.startswith((*_WITHIN, *_HOLLOW))]
    told = [line for line in (*said, *rest) if not line.startswith(_HOLLOW)]
    return list(dict.fromkeys(line for line in told if line != "load error"))


def check_header(image: pyvips.Image, what: Field, single: bool = False) -> None:
    """Raises, by the header alone, for several frames, and for a picture that is too small or does
    not fit into memory.

    single  one of several pictures was chosen already
    """
    width, height = image.width, image.height
    frames = image.get("n-pages") if image.get_typeof("n-pages") else 1
    if frames > 1 and not single:
        raise many(what, frames)
    if min(width, height) < SMALLEST:
        raise NotUsable("vips.too_small", what=what, width=width, height=height, least=SMALLEST)
    memory.check_fits(width, height, what)


def many(what: Field, frames: int | None = None) -> NotUsable:
    """The error for an animation, or for a file of so many pictures."""
    if frames is None:
        return NotUsable("vips.animated", what=what)
    return NotUsable("vips.frames", what=what, frames=frames)


def upright(image: pyvips.Image) -> pyvips.Image:
    """The image turned as its orientation tag says, which some programs ignore; "glassine-turned"
    is set where it was turned."""
    turned = image.get_typeof("orientation") and image.get("orientation") not in (0, 1)
    if not turned:
        return image
    image = image.autorot().copy()
    image.set_type(pyvips.GValue.gint_type, "glassine-turned", 1)
    return image


def planes(image: pyvips.Image) -> tuple[Tensor, Tensor | None, int]:
    """8- or 16-bit RGB or RGBA -> rgb (3, H, W), alpha (1, H, W) or None, bits per channel."""
    pixels = image.numpy()
    depth, white = 8 * pixels.dtype.itemsize, brightest(image)
    rgb = to_tensor(pixels[..., :3])
    alpha = to_tensor(pixels[..., 3:4]) if image.bands > 3 else None
    if white < 1:
        rgb = on_grid(rgb.div_(white), depth)
        alpha = None if alpha is None else on_grid(alpha.div_(white), depth)
    return rgb, alpha, depth


def brightest(image: pyvips.Image) -> float:
    """The value of white in [0, 1]: libvips shifts 10- or 12-bit values up to 16 bits, so that
    theirs is a little below 1."""
    bits = image.get("bits-per-sample") if image.get_typeof("bits-per-sample") else 16
    if image.format != "ushort" or not 8 < bits < 16:
        return 1.0
    return float((2**bits - 1) * 2 ** (16 - bits) / (2**16 - 1))


def image_of(rgb: Tensor, alpha: Tensor | None, keep: Keep, depth: int) -> pyvips.Image:
    """The picture at that depth with its metadata, ready for one of libvips' writers."""
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
    """The image with one channel, all three being the same, and its alpha."""
    see_through = image[3:4] if image.bands > 3 else []
    per_mm = (keep.ppi or _USUAL_PPI) / _MM_PER_INCH
    kind = "b-w" if depth == 8 else "grey16"
    plain = image[0].bandjoin(see_through).copy(interpretation=kind, xres=per_mm, yres=per_mm)
    return metadata.carry(plain, keep)


def with_alpha(rgb: Tensor, alpha: Tensor, depth: int) -> np.ndarray:
    """(H, W, 4) integers; joined after rounding, to save a float copy of all four channels."""
    return np.concatenate((to_array(rgb, depth), to_array(alpha, depth)), axis=2)


def check_sides(rgb: Tensor, largest: int, name: str) -> None:
    """Raises NotUsable where a side is longer than the format of that name can hold."""
    height, width = rgb.shape[1:]
    if max(height, width) > largest:
        raise NotUsable("vips.sides", name=name, width=width, height=height, largest=largest)


def pixel_count(path: Path) -> int:
    """How many pixels a file has by its header; 0 where libvips cannot read it. Raises OSError."""
    try:
        with path.open("rb") as stream:  # libvips cannot open names that are not valid text
            source = pyvips.Source.new_from_descriptor(stream.fileno())
            image = pyvips.Image.new_from_source(source, "", access="sequential")
    except pyvips.Error:
        return 0
    return int(image.width * image.height)
