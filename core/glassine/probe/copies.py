"""Copies of a picture that differ a little, which a model that learnt the picture knows less well.

A picture's loss alone says more about how busy the picture is than about whether it was learnt;
compared with the losses of such neighbours it is informative (Mattern et al., 2023).
"""

from __future__ import annotations

import torch
from torch import Tensor

COPIES = 4
_SHIFT = 1 / 16  # as a share of the side


def neighbours(picture: Tensor) -> Tensor:
    """(COPIES, 3, H, W): shifted both ways, darker, and with its channels mixed a little."""
    by = max(1, round(picture.shape[2] * _SHIFT))
    shifted = [picture.roll((by, by), (1, 2)), picture.roll((-by, -by), (1, 2))]
    turned = 0.8 * picture + 0.2 * picture.roll(1, 0)
    return torch.stack([*shifted, 0.85 * picture, turned])
