"""How far smooth colour has moved: the kind of change that SSIMULACRA2 notices least."""

from __future__ import annotations

from math import ceil

import torch
import torch.nn.functional as F
from kornia.color import rgb_to_lab
from torch import Tensor

PATCH = 16  # pixels; what is finer is texture to the eye, not colour
_TINY = 1e-8  # keeps the gradient finite where nothing differs


def colour_distance(clean: Tensor, other: Tensor) -> Tensor:
    """(3, H, W) in [0, 1], twice -> scalar, differentiable: the mean distance in CIELAB (1976)
    between means of PATCH x PATCH pixels. People notice about 2 side by side."""
    return (squares(clean, other) + _TINY).sqrt().mean()


@torch.no_grad()
def colour_shift(clean: Tensor, other: Tensor) -> float:
    """`colour_distance` as a number."""
    return squares(clean, other).sqrt().mean().item()


def squares(clean: Tensor, other: Tensor) -> Tensor:
    """(1, h, w): the squared CIELAB distance of each patch."""
    height, width = clean.shape[1:]
    grid = ceil(height / PATCH), ceil(width / PATCH)
    one, two = (rgb_to_lab(F.adaptive_avg_pool2d(rgb[None], grid)) for rgb in (clean, other))
    return (one - two).square().sum(1)
