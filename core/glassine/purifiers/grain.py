"""Gaussian noise, drawn from the run's own generator."""

from __future__ import annotations

import torch
from torch import Generator, Tensor

from .base import Purifier


def noisy(rgb: Tensor, sigma: float, draw: Generator) -> Tensor:
    """The picture with noise of that standard deviation; both on [0, 1]."""
    grain = torch.randn(rgb.shape, generator=draw).to(rgb)
    return (rgb + sigma * grain).clamp(0, 1)


def noise(sigma: float, source: str) -> Purifier:
    def apply(rgb: Tensor, draw: Generator) -> Tensor:
        return noisy(rgb, sigma, draw)

    return Purifier(
        says=f"Noise, sigma {sigma:g}",
        kind="handling",
        differentiable=True,
        apply=apply,
        source=source,
    )
