"""The judges in the loop: the direction in which a change shows more, as several of them see it.

There are several, because an optimiser cheats a judge whose gradient it sees. Each pulls in every
look, not only beyond its limit: at an equal visibility, by judges that no step asks too, changes
then do a fifth more (docs/eye.md). The judges in held_out.py no step sees, but FSIM, VSI and MDSI
compare edges too, so `edges` is their relative.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from .edges import edge_distance
from .haarpsi import SMALLEST as SMALLEST_WAVELETS
from .haarpsi import haarpsi
from .lpips import SMALLEST, lpips_distance
from .packages import unfit
from .softened import softened_distance
from .ssimulacra2 import error, scales

Distance = Callable[[Tensor, Tensor], Tensor]
"""(3, H, W) in [0, 1], clean and other -> scalar, differentiable by the second; 0 is identical."""


@dataclass(frozen=True)
class Judge:
    """One judge in the loop.

    weight    of its gradient, when each has the mean size 1
    smallest  pixels; shortest side of a picture on which it is asked
    largest   pixels; longest side that it is shown: of more it gets a crop
    package   whether it needs one that may be missing
    """

    apart: Distance
    weight: float
    smallest: int = 8
    largest: int = 1 << 20
    package: bool = False


def structure(clean: Tensor, other: Tensor) -> Tensor:
    """SSIMULACRA2's weighted error."""
    with torch.no_grad():
        before = tuple(scales(clean))
    return error(before, other)


def wavelets(clean: Tensor, other: Tensor) -> Tensor:
    return 1 - haarpsi(clean, other)


def features(clean: Tensor, other: Tensor) -> Tensor:
    apart = lpips_distance()
    assert apart
    return apart(clean, other)


JUDGES = (
    Judge(edge_distance, 2.0),
    Judge(structure, 2.0),
    Judge(softened_distance, 1.0),
    Judge(wavelets, 1.0, SMALLEST_WAVELETS, package=True),
    Judge(features, 1.5, SMALLEST, largest=512, package=True),
)


def more_visible(clean: Tensor, other: Tensor, down: float, across: float) -> Tensor:
    """(3, H, W) in [0, 1], twice -> (3, H, W): the direction in which `other` shows more, the
    judges' gradients added up by their weights.

    down, across  in [0, 1]: where a judge looks that does not look at all of a large picture
    """
    total, lacks = torch.zeros_like(other), unfit() is not None
    for judge in JUDGES:
        if min(other.shape[1:]) < judge.smallest or (judge.package and lacks):
            continue
        spans = zip(other.shape[1:], (down, across), strict=True)
        place = (slice(None), *(crop(length, judge.largest, at) for length, at in spans))
        seen = other[place].detach().requires_grad_(True)
        (gradient,) = torch.autograd.grad(judge.apart(clean[place], seen), seen)
        total[place] += judge.weight * of_mean_size(gradient.nan_to_num())
    return total


def crop(length: int, most: int, at: float) -> slice:
    """At most `most` pixels of an axis; `at` in [0, 1] chooses where."""
    start = round(at * max(0, length - most))
    return slice(start, start + min(length, most))


def of_mean_size(gradient: Tensor) -> Tensor:
    """The gradient, scaled so that its absolute values have the mean 1; zeros stay zeros."""
    return gradient / gradient.abs().mean().clamp_min(1e-20)
