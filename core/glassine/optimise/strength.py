"""Finding how much of a change may stay for the finished picture to have the score asked for."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import NoSolution
from ..types import Export, Plan, Progress, Watch, quiet
from ..units import Score
from ..visibility import sampled, scales, ssimulacra2
from .fit import snap
from .later import Part, Seen, codec, composite, traces

CLOSE = 0.15  # of a SSIMULACRA2 point; the eye notices steps of about two
EXPONENT = 0.8  # how a score falls with a change, to begin with
LEAST = 1 / 256  # of the explored reach: a few hundredths of a level
MOST = 4.0  # how far beyond the explored reach a result may be scaled up: busy pictures hide much
STRIP = 1024  # rows
CROP, CROPS = 512, 3  # large pictures are judged on crops, CROPS by CROPS of them
LOSSY = (
    "Saving it as {} alone costs more than this strength allows. The strength is that of the "
    "picture before it is saved; a higher quality or PNG would keep to it."
)
MARKED = (
    "The watermark alone costs more than this strength allows. The strength is that of the "
    "picture without it; leave the watermark out, or choose a stronger setting."
)


def settled(plan: Plan, change: Tensor, watch: Watch = quiet) -> tuple[Tensor, tuple[str, ...]]:
    """(3, H, W): the picture whose finished file has the plan's score, on the grid of its depth.

    A lossy codec and invisible marks count. Where they alone cost more than was asked for, they
    are left out of the search, and a sentence says so.
    """
    looks = 0

    def told() -> None:
        nonlocal looks
        looks += 1
        watch(Progress(looks, max(looks, 6), "fit"))

    seen, notes = codec(plan.export), tuple[str, ...]()
    try:
        rgb = searched(plan, change, seen, told)
    except NoSolution:
        seen, notes = codec(Export()), (LOSSY.format(plan.export.format),)
        rgb = searched(plan, change, seen, told)
    added = traces(plan, rgb)
    if added is None or not added.any():
        return rgb, notes

    def marked(rgb: Tensor, alpha: Tensor | None, part: Part) -> Tensor:
        return seen((rgb + added[part]).clamp(0, 1), alpha, part)

    try:
        return searched(plan, change, marked, told), notes
    except NoSolution:
        return rgb, (*notes, MARKED)


def searched(plan: Plan, change: Tensor, seen: Seen, told: Callable[[], None]) -> Tensor:
    """The picture with so much of the change that what is seen of it has the plan's score."""
    height, width = change.shape[1:]
    whole: Part = slice(None), slice(0, height), slice(0, width)
    parts = [(slice(None), *part) for part in crops(height, width)]

    def alpha(part: Part) -> Tensor | None:
        return None if plan.artwork.alpha is None else plan.artwork.alpha[part]

    def before(part: Part) -> Tensor:
        return composite(plan.artwork.rgb[part], alpha(part))

    def after(part: Part, factor: float) -> Tensor:
        return seen(result(plan, change, part, factor), alpha(part), part)

    originals = [tuple(scales(before(part))) for part in parts]

    def glimpsed(factor: float) -> Score:
        told()
        return sampled(zip(originals, (after(part, factor) for part in parts), strict=True))

    factor = scaled_to(plan.score, glimpsed, MOST)
    if parts != [whole]:  # the crops stand for the whole: what they miss is corrected once
        missed = ssimulacra2(before(whole), after(whole, factor)) - glimpsed(factor)
        factor = scaled_to(Score(plan.score - missed), glimpsed, MOST)
    return result(plan, change, whole, factor)


def result(plan: Plan, change: Tensor, part: Part, factor: float) -> Tensor:
    """That part of the picture with so much of the change."""
    rgb, moved, allowance = (x[part] for x in (plan.artwork.rgb, change, plan.allowance))
    out = torch.empty_like(rgb)
    for row in range(0, rgb.shape[1], STRIP):  # in strips: temporaries stay small
        cut = (slice(None), slice(row, row + STRIP))
        depth = plan.artwork.keep.depth
        out[cut] = snap(rgb[cut], factor * moved[cut].float(), allowance[cut], depth)
    return out


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
            if factor <= LEAST:
                break
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
