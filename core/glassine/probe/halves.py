"""Hiding halves of pictures, and the control: a mirrored, recoloured picture that never existed."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

_COMPARED = 32  # side in pixels to which pictures are reduced before they are compared
_NOTHING = 1e-4  # smallest distance, so that logarithms stay finite


def half_hidden(side: int, left: bool) -> Tensor:
    """(1, side, side): 1 in the left or right half, which is hidden."""
    hidden = torch.zeros(1, side, side)
    part = slice(0, side // 2) if left else slice(side // 2, side)
    hidden[:, :, part] = 1
    return hidden


def never_was(picture: Tensor) -> Tensor:
    """(3, H, W): the picture mirrored, its channels exchanged. It is as hard to paint, but no
    training set had it: a model that memorised the picture does not know it in this form."""
    return picture.flip(2).roll(1, 0)


def away_from(made: Tensor, picture: Tensor, hidden: Tensor) -> Tensor:
    """(N,): root mean square distance of each painting from the true picture, where it was hidden.

    made  (N, 3, H, W)
    """
    high, wide = picture.shape[1:]
    size = (min(high, _COMPARED), min(wide, _COMPARED))
    small = interpolate(
        torch.cat([made, picture[None], hidden.expand(1, 3, -1, -1)]), size, mode="area"
    )
    there = small[-1] > 0
    apart = (small[:-2] - small[-2]).square()[:, there]
    return apart.mean(1).sqrt().clamp(min=_NOTHING)
