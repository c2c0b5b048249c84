"""The sizes at which models learn: training reduces larger pictures first."""

from __future__ import annotations

from torch import Tensor

from ..pixels.resize import lanczos
from ..types import Plan

SIZES = {
    1024: "SDXL, SD 3, FLUX; Podell et al. (2023), 2.3",
    512: "Stable Diffusion 1 and 2; Rombach et al. (2022), model cards",
}
"""Shorter side in pixels -> models that are trained at about that size, and where it says so."""

MATTERS = 1.25  # times as large as a training picture; below that little is lost


def sizes_below(shorter: int, sizes: tuple[int, ...] = tuple(SIZES)) -> tuple[int, ...]:
    """Those of the sizes to which a picture with that shorter side would be reduced."""
    return tuple(side for side in sizes if shorter >= MATTERS * side)


def training_sizes(plan: Plan) -> tuple[int, ...]:
    """The reduced copies that are optimised besides the picture itself."""
    return sizes_below(min(plan.artwork.rgb.shape[1:]), plan.recipe.sizes)


def reduced_to(picture: Tensor, side: int) -> Tensor:
    """(C, H, W) -> its shorter side that long, as data loaders do it."""
    height, width = picture.shape[1:]
    return lanczos(picture, *lengths(height, width, side))


def lengths(height: int, width: int, side: int) -> tuple[int, int]:
    """Height and width of the copy whose shorter side is `side`."""
    factor = side / min(height, width)
    return round(height * factor), round(width * factor)
