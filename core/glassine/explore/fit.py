"""Keeping a change inside its allowance, on the file's grid, and at the score asked for."""

from __future__ import annotations

import torch
from torch import Tensor

from ..pixels.grid import on_grid


def fit(change: Tensor, clean: Tensor, limit: Tensor) -> Tensor:
    """The nearest change within +-limit that keeps clean + change in [0, 1]."""
    change = torch.minimum(torch.maximum(change, -limit), limit)
    return (clean + change).clamp(0, 1) - clean


def snap(clean: Tensor, change: Tensor, allowance: Tensor, depth: int) -> Tensor:
    """The changed picture as a file of that depth holds it; where allowance is 0, exactly `clean`.

    depth  bits per channel, 8 or 16
    """
    return torch.where(allowance > 0, on_grid(clean + change, depth), clean)
