"""Pixels as Krita keeps them <-> pictures as the engine sees them.

A request describes its pixels with `asked.Pixels`; orders and types are rows of the tables here.
Rows are packed, alpha is straight, numbers are little endian. Floats may lie outside [0, 1] (HDR)
and are usually linear light; encoders want them as sRGB.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor

from ..errors import NotUsable
from ..pixels.grid import to_array, to_tensor
from ..pixels.srgb import to_linear, to_srgb
from ..types import Artwork, Keep
from .asked import Pixels

TYPES: dict[str, np.dtype[Any]] = {
    "u8": np.dtype("u1"),
    "u16": np.dtype("<u2"),
    "f16": np.dtype("<f2"),
    "f32": np.dtype("<f4"),
}
COLOURS = {"BGRA": (2, 1, 0), "RGBA": (0, 1, 2)}
ALPHA = 3
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Raster:
    """The very numbers of a layer, (H, W, 4), and how to read them."""

    numbers: Array
    order: str
    linear: bool = False

    @property
    def floating(self) -> bool:
        return bool(self.numbers.dtype.kind == "f")

    @property
    def depth(self) -> int:
        return 8 if self.numbers.dtype == TYPES["u8"] else 16


def raster(about: Pixels, blob: bytes | bytearray) -> Raster:
    width, height = about.width, about.height
    if about.type not in TYPES or about.order not in COLOURS:
        raise NotUsable(
            "service.pixels_type",
            type=about.type,
            order=about.order,
            types=tuple(TYPES),
            orders=tuple(COLOURS),
        )
    dtype = TYPES[about.type]
    if len(blob) != width * height * 4 * dtype.itemsize or not len(blob):
        raise NotUsable("service.pixels_size", width=width, height=height, bytes=len(blob))
    numbers = np.frombuffer(blob, dtype).reshape(height, width, 4)
    return Raster(numbers, about.order, about.linear)


def artwork(picture: Raster) -> Artwork:
    """Floats beyond [0, 1] are clipped here and left alone by `back`."""
    colours, alpha = rgb(picture), picture.numbers[..., ALPHA:]
    opaque = 1 if picture.floating else np.iinfo(picture.numbers.dtype).max
    see_through = None if (alpha == opaque).all() else to_unit_range(alpha)
    return Artwork(colours, see_through, Keep(depth=picture.depth))


def rgb(picture: Raster) -> Tensor:
    """(3, H, W) in [0, 1], encoded as sRGB where the numbers were linear light."""
    colours = picture.numbers[..., list(COLOURS[picture.order])]
    found = to_unit_range(colours)
    return to_srgb(found) if picture.linear else found


def to_unit_range(numbers: Array) -> Tensor:
    if numbers.dtype.kind != "f":
        return to_tensor(numbers.astype(numbers.dtype.newbyteorder("="), copy=False))
    finite = np.nan_to_num(numbers.astype(np.float32), nan=0.0, posinf=1.0, neginf=0.0)
    return torch.from_numpy(np.ascontiguousarray(finite.transpose(2, 0, 1))).clamp_(0, 1)


def out_of_range(picture: Raster) -> Tensor:
    """(1, H, W): 1 where a float pixel lies outside [0, 1] and must stay as it is."""
    colours = picture.numbers[..., :ALPHA].astype(np.float32)
    inside = np.isfinite(colours) & (colours >= 0) & (colours <= 1)
    return torch.from_numpy(~inside.all(-1))[None].float()


def back(picture: Raster, before: Tensor, after: Tensor) -> Array:
    """The raster with the change from `before` to `after`; all other numbers keep their bits."""
    out = picture.numbers.copy()
    changed = (before != after).permute(1, 2, 0).numpy()
    new = as_numbers(picture, after)
    for channel, place in enumerate(COLOURS[picture.order]):
        np.copyto(out[..., place], new[..., channel], where=changed[..., channel])
    return out


def cleared(numbers: Array, mask: bytes | bytearray) -> Array:
    """All zero where nothing is selected, so that a layer of it covers the selection only."""
    if mask:
        numbers[np.frombuffer(mask, np.uint8).reshape(numbers.shape[:2]) == 0] = 0
    return numbers


def translucent(picture: Raster) -> bool:
    """Whether some pixel is partly transparent: a copy above it would make it more opaque."""
    alpha = picture.numbers[..., ALPHA]
    most = 1 if picture.floating else np.iinfo(alpha.dtype).max
    return bool(((alpha > 0) & (alpha < most)).any())


def as_numbers(picture: Raster, after: Tensor) -> Array:
    light = to_linear(after) if picture.linear else after
    if not picture.floating:
        return to_array(light, picture.depth)
    return light.permute(1, 2, 0).numpy().astype(picture.numbers.dtype)


def bgra8(picture: Tensor, alpha: Tensor | None = None) -> bytes:
    """(3, H, W) in [0, 1] -> bytes that a QImage shows as it is."""
    rgba = torch.cat((picture.flip(0), torch.ones_like(picture[:1]) if alpha is None else alpha))
    return to_array(rgba, 8).tobytes()
