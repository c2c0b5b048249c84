"""Finding how much of a change may stay for the finished picture to have the score asked for."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import NoSolution
from ..types import Artwork, Plan, Progress, Watch
from ..units import Score
from ..visibility import sampled, ssimulacra2
from .fit import snap

CLOSE = 0.15  # of a SSIMULACRA2 point; the eye notices steps of about two
EXPONENT = 0.8  # how a score falls with a change, to begin with
MOST = 4.0  # how far beyond the explored reach a result may be scaled up: busy pictures hide much
STRIP = 1024  # rows
CROP, CROPS = 512, 3  # large pictures are judged on crops, CROPS by CROPS of them


def settled(plan: Plan, change: Tensor, watch: Watch) -> Tensor:
    """(3, H, W): the picture with the change at the plan's score, on the grid of its file."""
    looks = 0

    def counted(scored: Callable[[float], Score]) -> Callable[[float], Score]:
        def look(factor: float) -> Score:
            nonlocal looks
            looks += 1
            watch(Progress(looks, max(looks, 6), "fit"))
            return scored(factor)

        return look

    whole = result(plan, change, slice(None), slice(None))
    parts = crops(*change.shape[1:])
    if len(parts) == 1:
        return whole(scaled_to(plan.score, counted(lambda f: judged(plan.artwork, whole(f))), MOST))
    some = counted(lambda f: glimpsed(plan, change, parts, f))
    factor = scaled_to(plan.score, some, MOST)
    missed = judged(plan.artwork, whole(factor)) - some(factor)  # the crops stand for the whole
    return whole(scaled_to(Score(plan.score - missed), some, MOST))


def result(plan: Plan, change: Tensor, rows: slice, columns: slice) -> Callable[[float], Tensor]:
    """Factor -> that part of the finished picture."""
    parts = (plan.artwork.rgb, change, plan.allowance)
    rgb, part, allowance = (picture[:, rows, columns] for picture in parts)
    depth = plan.artwork.keep.depth

    def at(factor: float) -> Tensor:
        out = torch.empty_like(rgb)
        for row in range(0, rgb.shape[1], STRIP):  # in strips: temporaries stay small
            cut = (slice(None), slice(row, row + STRIP))
            out[cut] = snap(rgb[cut], factor * part[cut].float(), allowance[cut], depth)
        return out

    return at


def judged(artwork: Artwork, rgb: Tensor) -> Score:
    return ssimulacra2(composite(artwork.rgb, artwork.alpha), composite(rgb, artwork.alpha))


def glimpsed(plan: Plan, change: Tensor, parts: list[tuple[slice, slice]], factor: float) -> Score:
    """The score on crops alone."""

    def pair(rows: slice, columns: slice) -> tuple[Tensor, Tensor]:
        alpha = plan.artwork.alpha
        alpha = None if alpha is None else alpha[:, rows, columns]
        after = result(plan, change, rows, columns)(factor)
        return composite(plan.artwork.rgb[:, rows, columns], alpha), composite(after, alpha)

    return sampled(pair(*part) for part in parts)


def crops(height: int, width: int) -> list[tuple[slice, slice]]:
    """The whole where it is small, else an even grid of crops."""
    if height * width <= 2 * (CROP * CROPS) ** 2:
        return [(slice(0, height), slice(0, width))]
    return [(rows, columns) for rows in spread(height) for columns in spread(width)]


def spread(length: int) -> list[slice]:
    if length <= CROP * CROPS:
        return [slice(0, length)]
    starts = ((length - CROP) * i // (CROPS - 1) for i in range(CROPS))
    return [slice(start, start + CROP) for start in starts]


def scaled_to(score: Score, scored: Callable[[float], Score], most: float) -> float:
    """The largest factor in (0, most] whose result scores no worse than `score`.

    `scored(factor)` falls as the factor grows, much like a power of it: the search follows the
    power law through its two nearest looks and needs three or four of them where a bisection
    needs nine. Each look costs as much as an optimiser step.
    """
    fair: Look | None = None  # the nearest look that was good enough, and the nearest that was not
    poor: Look | None = None
    factor = min(1.0, most)
    for _ in range(16):
        loss = 100 - scored(factor)
        if loss <= 100 - score:
            fair = factor, loss
            if loss >= 100 - score - CLOSE or factor >= most:
                break
        else:
            poor = factor, loss
        factor = min(most, guess(100 - score - CLOSE / 2, fair, poor))
    if fair is None:
        raise NoSolution(
            f"A visible strength of SSIMULACRA2 {score:.0f} was asked for, and already the "
            "smallest change that a file can hold is more visible. Choose a stronger setting."
        )
    return fair[0]


Look = tuple[float, float]
"""A factor, and by how much its result falls short of a score of 100."""


def guess(loss: float, fair: Look | None, poor: Look | None) -> float:
    """The factor at which that loss is to be expected, inside the bracket that is known."""
    if fair is None or poor is None:
        factor, seen = fair or poor or (1.0, loss)
        step = math.pow(loss / max(seen, 1e-6), 1 / EXPONENT)
        return factor * min(max(step, 1 / 4), 4)
    (low, little), (high, much) = fair, poor
    power = math.log(much / max(little, 1e-6)) / math.log(high / low)
    factor = low * math.pow(loss / max(little, 1e-6), 1 / max(power, 1e-3))
    edge = 0.02 * (high - low)
    return min(max(factor, low + edge), high - edge)


def composite(rgb: Tensor, alpha: Tensor | None) -> Tensor:
    """The picture on white, as sites and training pipelines flatten it; (3, H, W)."""
    return rgb if alpha is None else rgb * alpha + (1 - alpha)
