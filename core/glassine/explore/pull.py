"""The pull towards the goals: its gradient, family by family."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..surrogates import Encoder


@dataclass(frozen=True)
class Pull:
    """One family and where it should arrive. `goal` is the weighted mean of the goals' latents.

    For squared distances the weighted sum over several goals differs from the distance to their
    weighted mean by a constant, so any number of goals costs one encoder pass.
    """

    encode: Encoder
    goal: Tensor  # (1, C, h, w)

    def gradient(self, seen: Tensor, change: Tensor) -> Tensor:
        """Gradient of the squared latent distance in the change, scaled to mean size 1."""
        loss = (self.encode(seen) - self.goal).square().sum()
        (gradient,) = torch.autograd.grad(loss, change, retain_graph=True)
        return of_mean_size(gradient)


def of_mean_size(gradient: Tensor) -> Tensor:
    """Scaled so that the mean of its absolute values is 1; zeros stay zeros."""
    return gradient / gradient.abs().mean().clamp_min(1e-20)


@torch.no_grad()
def pulls(encoders: Sequence[Encoder], goals: Sequence[tuple[Tensor, float]]) -> tuple[Pull, ...]:
    """`goals` are (1, 3, H, W) pictures with weights that sum to 1."""
    return tuple(
        Pull(encode, sum(weight * encode(picture) for picture, weight in goals))  # type: ignore
        for encode in encoders
    )
