"""Transparency on white, as sites and training pipelines flatten a picture."""

from __future__ import annotations

import pyvips
from torch import Tensor

from .grid import steps


def on_white(rgb: Tensor, alpha: Tensor | None) -> Tensor:
    """(C, H, W) and (1, H, W) or None, in [0, 1] -> what a viewer without transparency shows."""
    return rgb if alpha is None else rgb * alpha + (1 - alpha)


def laid_on_white(image: pyvips.Image) -> pyvips.Image:
    """The same for a libvips image -> 8-bit sRGB without alpha; rounded to within one level."""
    image = image.colourspace("srgb").cast("uchar")
    return image.flatten(background=[steps(8)] * 3) if image.hasalpha() else image
