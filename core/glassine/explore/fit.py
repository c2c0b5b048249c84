"""Keeping a change inside its allowance, on the file's grid, and at the score asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from ..pixels.grid import on_grid


def fit(change: Tensor, clean: Tensor, limit: Tensor) -> Tensor:
    """Nearest change within +-limit that keeps clean + change in [0, 1]."""
    change = torch.minimum(torch.maximum(change, -limit), limit)
    return (clean + change).clamp(0, 1) - clean


def snap(clean: Tensor, change: Tensor, allowance: Tensor, depth: int) -> Tensor:
    """The picture as a file of that depth holds it; untouchable pixels keep their very bits."""
    return torch.where(allowance > 0, on_grid(clean + change, depth), clean)
