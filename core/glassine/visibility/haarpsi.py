"""HaarPSI (Reisenhofer et al., 2018): similarity of two pictures' Haar wavelets, by `piq`."""

from __future__ import annotations

from importlib import import_module

from torch import Tensor

SMALLEST = 16  # pixels; width of its widest wavelet


def haarpsi(clean: Tensor, other: Tensor) -> Tensor:
    """(3, H, W) in [0, 1], twice -> scalar, differentiable; 1 is identical, lower is worse.

    Only for sides of SMALLEST at least, and where `packages.unfit` gives None. It looks at means of
    2 x 2 pixels. With its gradient it takes about 200 MB per megapixel, so callers give it large
    pictures in parts.
    """
    one, two = (rgb.float().clamp(0, 1)[None] for rgb in (clean, other))
    alike: Tensor = import_module("piq").haarpsi(one, two)
    return alike
