"""How far edges have moved: gradient similarity (Liu, Lin and Narwaria, 2012), differentiable.

As published for this family of judges, the picture is first averaged until its shorter side has
about 256 pixels. FSIM, VSI and MDSI compare such gradients too, beside other features.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from ..units import Levels, to_unit
from .jnd import LUMA

GLANCE = 256  # pixels; the shorter side to which FSIM, VSI and MDSI too reduce as published
STEADY = 160 * to_unit(Levels(1)) ** 2
"""FSIM's constant (2011); without it flat areas would decide."""

SCHARR = ((-3.0, 0.0, 3.0), (-10.0, 0.0, 10.0), (-3.0, 0.0, 3.0))  # sixteenths
_TINY = 1e-8  # keeps the gradient finite in flat areas


def averaged(height: int, width: int) -> int:
    """The side in pixels of the squares whose means this family of judges compares."""
    return max(1, round(min(height, width) / GLANCE))


def edge_distance(clean: Tensor, other: Tensor) -> Tensor:
    """(3, H, W) in [0, 1], twice -> scalar: 1 minus the mean similarity of brightness gradients.

    0 is identical, 1 has no edge in common.
    """
    by = averaged(*clean.shape[1:])
    one, two = (steepness(F.avg_pool2d(rgb[None].float(), by)) for rgb in (clean, other))
    alike = (2 * one * two + STEADY) / (one.square() + two.square() + STEADY)
    return (1 - alike).mean()


def steepness(rgb: Tensor) -> Tensor:
    """(B, 3, H, W) -> (B, 1, H, W): how steeply brightness rises, by Scharr's operator."""
    across = torch.tensor(SCHARR).to(rgb) / 16
    slopes = torch.stack((across, across.T))[:, None]
    light = (rgb * torch.tensor(LUMA).to(rgb)[:, None, None]).sum(1, keepdim=True)
    found = F.conv2d(F.pad(light, (1, 1, 1, 1), mode="replicate"), slopes)
    return (found.square().sum(1, keepdim=True) + _TINY).sqrt()
