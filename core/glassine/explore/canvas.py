"""The canvas on which a change is searched: the picture at its own size, or at the largest size of
a view where the picture is larger.

Detail finer than the largest view is averaged away before a model sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..pixels.area import area
from ..pixels.flatten import on_white
from ..types import Plan
from ..visibility.jnd import FLOOR
from .training_sizes import SIZES, lengths, side_of

CELL = 32  # pixels; side of the cells over which `tint` averages: 16 adds less and shows more
MOST = 1.25  # side of the canvas, as a factor on the largest bucket's
LARGEST = MOST * max(SIZES)  # side in pixels of a square with as many pixels


@dataclass(frozen=True)
class Canvas:
    """What a search works on, on the device that computes; pictures are (3, h, w) in [0, 1].

    clean      the artwork
    alpha      (1, h, w), or None
    allowance  (1, h, w) in [0, 1]: share of the recipe's reach that each pixel may use
    goals      pictures to move towards, each with its weight
    """

    clean: Tensor
    alpha: Tensor | None
    allowance: Tensor
    goals: tuple[tuple[Tensor, float], ...]

    @property
    def size(self) -> tuple[int, int]:
        height, width = self.clean.shape[1:]
        return height, width


def canvas(plan: Plan, device: str) -> Canvas:
    artwork, size = plan.artwork, canvas_size(*plan.artwork.rgb.shape[1:])

    def here(picture: Tensor) -> Tensor:
        return area(picture, *size).float().to(device)

    return Canvas(
        clean=here(artwork.rgb),
        alpha=None if artwork.alpha is None else here(artwork.alpha),
        allowance=here(plan.allowance),
        goals=tuple((here(goal.picture), goal.weight) for goal in plan.goals),
    )


def canvas_size(height: int, width: int) -> tuple[int, int]:
    """Height and width of the canvas of a picture of that size."""
    if side_of(height, width) <= LARGEST:
        return height, width
    return lengths(height, width, LARGEST)


def tint(on: Canvas, share: float) -> Tensor:
    """(3, h, w): a shift by `share` towards the goals' colours, averaged over CELL pixels.

    It is too smooth to show a goal's shapes. Gradient steps do not find it: in a gradient, fine
    detail drowns what is smooth.
    """
    height, width = on.size
    if not on.goals:
        return torch.zeros_like(on.clean)
    grid = -(-height // CELL), -(-width // CELL)

    def means(picture: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(picture, grid)

    there = torch.stack([weight * means(goal) for goal, weight in on.goals]).sum(0)
    apart = share * (there - means(on_white(on.clean, on.alpha)))
    smooth = F.interpolate(apart[None], on.size, mode="bilinear", align_corners=False)[0]
    return smooth * (on.allowance / FLOOR).clamp_max(1)


def enlarged(change: Tensor, height: int, width: int) -> Tensor:
    """(3, h, w) -> (3, height, width) float16, which is precise enough for a few levels."""
    if change.shape[1:] == (height, width):
        return change.half()
    return torch.cat(
        [
            F.interpolate(
                channel[None, None], (height, width), mode="bicubic", align_corners=False
            )[0].half()
            for channel in change
        ]
    )
