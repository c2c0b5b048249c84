"""The judges in the loop: the direction in which a change shows more, as several of them see it.

There are several, because an optimiser cheats a judge whose gradient it sees. Each pulls in every
look, not only beyond its limit: where FLIP or DISTS, which no step asks, rate changes to paintings
alike, those do a third or a sixth more then (docs/eye.md). The judges in held_out.py no step asks
either, but FSIM, VSI and MDSI compare edges too, so `edge_distance` is their relative.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise, product
from math import ceil

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
    reduced   the same, in a picture that training reduces
    smallest  pixels; shortest side of a picture on which it is asked
    largest   pixels; longest side that it is shown at once, for the memory's sake
    once      whether it sees one part of a larger picture in a look; else all, one after another
    package   whether it needs one that may be missing
    """

    apart: Distance
    weight: float
    reduced: float
    smallest: int = 8
    largest: int = 640
    once: bool = False
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
    Judge(edge_distance, 3.0, 2.0, largest=1 << 20),
    Judge(structure, 1.0, 2.0),
    Judge(softened_distance, 1.0, 1.0),
    Judge(wavelets, 1.0, 1.0, SMALLEST_WAVELETS, package=True),
    Judge(features, 1.5, 1.5, SMALLEST, largest=512, once=True, package=True),
)
"""In a large picture SSIMULACRA2 sees best what steps at the size of training write; in a small one
it sees less than edges do of what shows to those that no step asks (docs/eye.md)."""


def more_visible(
    clean: Tensor, other: Tensor, down: float, across: float, *, reduced: bool = False
) -> Tensor:
    """(3, H, W) in [0, 1], twice -> (3, H, W): the direction in which `other` shows more, the
    judges' gradients added up by their weights.

    down, across  in [0, 1]: the part that is seen by a judge who sees one
    reduced       whether they belong to a picture that training reduces
    """
    total, lacks = torch.zeros_like(other), unfit() is not None
    for judge in JUDGES:
        if min(other.shape[1:]) < judge.smallest or (judge.package and lacks):
            continue
        found = []
        for place in parts(judge, other.shape[1:], (down, across)):
            seen = other[place].detach().requires_grad_(True)
            apart = judge.apart(clean[place], seen) * seen.numel()
            found.append((place, torch.autograd.grad(apart, seen)[0]))
        weight = judge.reduced if reduced else judge.weight
        size = mean_absolute([gradient for _, gradient in found])
        for place, gradient in found:
            total[place] += weight * gradient / size
    return total


Part = tuple[slice, slice, slice]


def parts(judge: Judge, size: Sequence[int], at: Sequence[float]) -> Iterator[Part]:
    """What that judge sees in a look: parts that cover a picture of this size, or one of them.

    at  in [0, 1], for both axes: where that one is
    """
    if judge.once:
        rows, columns = (
            portion(length, judge.largest, a) for length, a in zip(size, at, strict=True)
        )
        yield slice(None), rows, columns
        return
    for rows, columns in product(*(cuts(length, judge.largest) for length in size)):
        yield slice(None), rows, columns


def portion(length: int, most: int, at: float) -> slice:
    """At most `most` pixels of an axis; `at` in [0, 1] chooses where."""
    start = round(at * max(0, length - most))
    return slice(start, start + min(length, most))


def cuts(length: int, most: int) -> list[slice]:
    """An axis in parts of about the same length, none longer than `most`."""
    count = ceil(length / most)
    ends = [round(length * part / count) for part in range(count + 1)]
    return [slice(*span) for span in pairwise(ends)]


def mean_absolute(gradients: Sequence[Tensor]) -> float:
    """The mean absolute value of their numbers; hardly above 0 where all are 0."""
    total = sum(float(gradient.abs().sum()) for gradient in gradients)
    return max(total / sum(gradient.numel() for gradient in gradients), 1e-20)


def of_mean_size(gradient: Tensor) -> Tensor:
    """The gradient, scaled so that its absolute values have the mean 1; zeros stay zeros."""
    return gradient / mean_absolute([gradient])
