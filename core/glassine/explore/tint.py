"""A little of the goals' colours, too smooth for a ghost of the goals to show.

Steps leave that part of the way out: in a gradient, what is smooth drowns in what is fine. At equal
visibility it adds most where fine change is seen most, on flat colour and line art.
"""

from __future__ import annotations

from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from ..pixels.flatten import on_white
from ..types import Plan
from ..visibility.jnd import FLOOR
from .tiles import Tile

CELL = 32  # pixels; cells of 16 add less and show more
ALL = 2 / 3  # of the recipe's share where a step looks at all its families: they need it less


def cells(plan: Plan, *, drawn: bool = True) -> Tensor:
    """(3, rows, columns): a share of the distance to the goals, as means of cells.

    That of the recipe where each step looks at a `drawn` family, else ALL of it. On ten paintings
    the whole closes as much as that with all five, and .3 units of CIELAB more can be seen of it.
    """
    rgb, alpha = plan.artwork.rgb, plan.artwork.alpha
    height, width = rgb.shape[1:]
    grid = ceil(height / CELL), ceil(width / CELL)

    def means(picture: Tensor) -> Tensor:
        return F.adaptive_avg_pool2d(picture, grid)

    here = torch.cat([means(on_white(channel[None], alpha)) for channel in rgb])
    there = sum(goal.weight * means(goal.picture) for goal in plan.goals)
    return plan.recipe.tint * (1 if drawn else ALL) * (there - here)


def tint(plan: Plan, tile: Tile, coarse: Tensor) -> Tensor:
    """(3, h, w): what `cells` add to a tile, fading out where a mask does."""
    height, width = plan.artwork.rgb.shape[1:]
    rows, columns = interpolation(tile.rows, height), interpolation(tile.columns, width)
    return (rows @ coarse @ columns.T) * (tile.cut(plan.allowance) / FLOOR).clamp_max(1)


def interpolation(part: slice, length: int) -> Tensor:
    """(pixels of the part, cells of the axis): the weights of linear interpolation."""
    count = ceil(length / CELL)
    at = (torch.arange(part.start, part.stop) + 0.5) * count / length - 0.5
    return (1 - (at.clamp(0, count - 1)[:, None] - torch.arange(count)).abs()).clamp_min(0)
