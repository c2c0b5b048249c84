"""Finding how much of a change may stay for the finished picture to have the score asked for."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import NoSolution
from ..types import Artwork, Plan, Progress, Watch
from ..units import Score
from ..visibility import sampled, ssimulacra2
from .fit import snap

CLOSE = 0.15  # of a SSIMULACRA2 point; the eye notices steps of about two
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

    `scored(factor)` falls as the factor grows. A secant inside a bracket: four or five looks
    instead of the nine of a bisection, and each look costs as much as an optimiser step.
    """
    low, high, at_low = 0.0, most, 100.0
    at_high: float = scored(most)
    if at_high >= score:
        return most
    for _ in range(12):
        guess = low + (high - low) * (at_low - score) / (at_low - at_high)
        guess = min(max(guess, low + 0.05 * (high - low)), high - 0.05 * (high - low))
        if (got := scored(guess)) >= score:
            low, at_low = guess, got
            if got - score < CLOSE:
                break
        else:
            high, at_high = guess, got
    if low == 0:
        raise NoSolution(
            f"A visible strength of SSIMULACRA2 {score:.0f} was asked for, and already the "
            "smallest change that a file can hold is more visible. Choose a stronger setting."
        )
    return low


def composite(rgb: Tensor, alpha: Tensor | None) -> Tensor:
    """The picture on white, as sites and training pipelines flatten it; (3, H, W)."""
    return rgb if alpha is None else rgb * alpha + (1 - alpha)
