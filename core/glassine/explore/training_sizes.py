"""The sizes at which models learn: trainers reduce larger pictures to buckets first.

Buckets are by area (512 or 1024 squared, sides in steps of 64 pixels), so a picture's size is
said here as the side of a square with as many pixels.
"""

from __future__ import annotations

from math import sqrt

from torch import Tensor

from ..pixels.resize import lanczos

SIZES = {
    1024: "SDXL, SD 3, FLUX; Podell et al. (2023), 2.3",
    512: "Stable Diffusion 1 and 2; Rombach et al. (2022), model cards",
}
"""Side of the bucket in pixels -> models trained at about that size; the source."""

MATTERS = 1.25  # a picture's side over a bucket's; below it, reduction loses little


def side_of(height: int, width: int) -> float:
    """The side of a square with as many pixels."""
    return sqrt(height * width)


def training_sizes(height: int, width: int) -> tuple[int, ...]:
    """The buckets to which a picture of that size would be reduced."""
    return tuple(bucket for bucket in SIZES if side_of(height, width) >= MATTERS * bucket)


def reduced_to(picture: Tensor, side: float) -> Tensor:
    """(C, H, W) -> as many pixels as a square of that side has; by Lanczos, as data loaders use."""
    high, wide = lengths(picture.shape[1], picture.shape[2], side)
    return lanczos(picture, high, wide)


def lengths(height: int, width: int, side: float, multiple: int = 1) -> tuple[int, int]:
    """Height and width, rescaled to the area of a square of that side.

    multiple  of which both are, in pixels
    """
    factor = side / side_of(height, width)
    high, wide = (max(1, round(x * factor / multiple)) * multiple for x in (height, width))
    return high, wide
