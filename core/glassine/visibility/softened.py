"""How far colours are apart once the eye has softened them, differentiable.

After S-CIELAB (Zhang and Wandell, 1996), which compares colours after a blur that is wider for hues
than for brightness; in simple opponent axes instead of CIELAB. FLIP softens pictures as well.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor

from .jnd import LUMA

OPPONENT = (LUMA, (0.5, -0.5, 0.0), (0.25, 0.25, -0.5))
"""Brightness, red against green, and yellow against blue, as shares of red, green and blue."""

SIGMAS = (0.8, 2.5, 2.5)  # pixels; of the blur along each axis
_TINY = 1e-8  # keeps the gradient finite where nothing differs


def softened_distance(clean: Tensor, other: Tensor) -> Tensor:
    """(3, H, W) in [0, 1], twice -> scalar: the mean distance between softened colours, from 0."""
    apart = torch.einsum("ij,jhw->ihw", torch.tensor(OPPONENT).to(other), other - clean)
    soft = [softened(axis, sigma) for axis, sigma in zip(apart, SIGMAS, strict=True)]
    return (torch.stack(soft).square().sum(0) + _TINY).sqrt().mean()


def softened(plane: Tensor, sigma: float) -> Tensor:
    """(H, W) -> the same after a Gaussian blur; its edge pixels go on beyond the edges.

    Not by kornia, which a first preview would have to wait for.
    """
    radius = int(3 * sigma)
    away = torch.arange(-radius, radius + 1, device=plane.device)
    bell = torch.exp(-(away**2) / (2 * sigma**2))
    bell = bell / bell.sum()
    padded = F.pad(plane[None, None], (radius,) * 4, mode="replicate")
    return F.conv2d(F.conv2d(padded, bell.view(1, 1, 1, -1)), bell.view(1, 1, -1, 1))[0, 0]
