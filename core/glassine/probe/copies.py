"""Copies of a picture that differ a little: what a model that learnt the very picture knows less.

The loss of a picture alone says more of how busy it is than of whether it was learnt; beside that
of its own neighbours it says something (Mattern et al., 2023).
"""

from __future__ import annotations

import torch
from torch import Tensor

COPIES = 4
_SHIFT = 1 / 16  # of the side


def neighbours(picture: Tensor) -> Tensor:
    """(COPIES, 3, H, W): shifted both ways, darker, and with its colours turned a little."""
    by = max(1, round(picture.shape[2] * _SHIFT))
    shifted = [picture.roll((by, by), (1, 2)), picture.roll((-by, -by), (1, 2))]
    turned = 0.8 * picture + 0.2 * picture.roll(1, 0)
    return torch.stack([*shifted, 0.85 * picture, turned])
