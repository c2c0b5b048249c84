"""Transparency on white, as sites and training pipelines flatten a picture."""

from __future__ import annotations

from torch import Tensor


def on_white(rgb: Tensor, alpha: Tensor | None) -> Tensor:
    """(C, H, W) and (1, H, W) or None, in [0, 1] -> what a viewer without transparency shows."""
    return rgb if alpha is None else rgb * alpha + (1 - alpha)
