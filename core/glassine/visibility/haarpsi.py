"""HaarPSI (Reisenhofer et al., 2018): how alike two pictures' Haar wavelets are, by `piq`."""

from __future__ import annotations

from importlib import import_module

from torch import Tensor

SMALLEST = 16  # pixels; the widest of its wavelets


def haarpsi(clean: Tensor, other: Tensor) -> Tensor:
    """(3, H, W) in [0, 1], twice -> scalar, differentiable; 1 is identical, lower is worse.

    Sides of SMALLEST at least, and no `unfit`. It looks at means of 2 x 2 pixels. With its slope it
    holds about 200 MB for a megapixel, so large pictures are shown to it in parts.
    """
    one, two = (rgb.float().clamp(0, 1)[None] for rgb in (clean, other))
    alike: Tensor = import_module("piq").haarpsi(one, two)
    return alike
