"""Halves of pictures that are hidden, and the original as it never was: mirrored, recoloured."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import interpolate

_COMPARED = 32  # pixels on a side at which what was painted is compared
_NOTHING = 1e-4  # of a level: below it there is no distance


def half_hidden(side: int, left: bool) -> Tensor:
    """(1, side, side): 1 where it is hidden."""
    hidden = torch.zeros(1, side, side)
    part = slice(0, side // 2) if left else slice(side // 2, side)
    hidden[:, :, part] = 1
    return hidden


def never_was(picture: Tensor) -> Tensor:
    """(3, H, W): mirrored, and its colours in each other's place. As hard to paint, but no
    training set had it; what a model knows by heart it does not know so."""
    return picture.flip(2).roll(1, 0)


def away_from(made: Tensor, picture: Tensor, hidden: Tensor) -> Tensor:
    """(N,): root mean square distance from the true picture where it was hidden."""
    high, wide = picture.shape[1:]
    size = (min(high, _COMPARED), min(wide, _COMPARED))
    small = interpolate(
        torch.cat([made, picture[None], hidden.expand(1, 3, -1, -1)]), size, mode="area"
    )
    there = small[-1] > 0
    apart = (small[:-2] - small[-2]).square()[:, there]
    return apart.mean(1).sqrt().clamp(min=_NOTHING)
