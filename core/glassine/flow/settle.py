"""Change -> protected: how much of the change stays, so that the finished file has the score that
was asked for.

A search by SSIMULACRA2 finds the amount. Where smooth colour would pass its own limit first, only
the smooth part of the change is held back, and the fine part goes on. The other judges look at the
result once, and then one that is held out of the loop; where one of them is stricter, another
search by it lowers both. That one sees the change alone, without a codec or marks: of a WebP at
quality 90 it says so much by itself that hardly any change would be left.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor

from ..errors import NoSolution
from ..explore.fit import snap
from ..explore.smooth import STRIP, Amounts, Split, split_of
from ..faces.place import Spot, around
from ..messages import Message, message
from ..pixels.art import held_to
from ..pixels.flatten import on_white
from ..types import Change, Export, Plan, Progress, Protected, Watch, quiet
from ..units import Score
from ..visibility import sampled, scales, ssimulacra2
from ..visibility.limits import limits_at, mean_shift, points_held_out, strictest
from .aftermath import Part, Seen, mark_traces, through_codec
from .strength import scaled_to

MOST = 4.0  # largest factor on the change that was found: busy pictures hide much
CROP, CROPS = 512, 3  # side in pixels; large pictures are judged on a grid of CROPS x CROPS crops
GLANCE = 256  # side in pixels of the other judges' crops: they take longer per pixel
LEAST_SMOOTH = 0.5
"""Share of the fine part's factor that the smooth part keeps at least. With less, LPIPS and the
judges held out see more and the encoders hardly do (docs/eye.md)."""


def settle(change: Change, *, watch: Watch = quiet) -> Protected:
    """The picture whose finished file has the plan's score, on the grid of its depth.

    What a lossy codec and invisible marks change counts too. Where that alone is more visible than
    was asked for, they are left out of the search, and a note says so.
    """
    borne = held_to(change.plan.art, change.pixels)
    rgb, notes = at_score_of_file(change.plan, split_of(borne), watch)
    return Protected(change.plan, rgb, (*change.notes, *notes))


def at_score_of_file(plan: Plan, change: Split, watch: Watch) -> tuple[Tensor, tuple[Message, ...]]:
    """(3, H, W), and notes about a codec or marks that were left out."""
    looks = 0

    def looked() -> None:
        nonlocal looks
        looks += 1
        watch(Progress(looks, max(looks, 6), "fit"))

    seen, notes = through_codec(plan.export), tuple[Message, ...]()
    try:
        rgb = picture_at_score(plan, change, seen, looked)
    except NoSolution:
        seen = through_codec(Export())
        notes = (message("settle.lossy", format=plan.export.format),)
        rgb = picture_at_score(plan, change, seen, looked)
    for _ in range(3):  # what marks add depends on the picture; two leave an error of half a point
        added = mark_traces(plan, rgb)
        if added is None or not added.any():
            return rgb, notes
        try:
            rgb = picture_at_score(plan, change, after_marks(seen, added), looked)
        except NoSolution:
            return rgb, (*notes, message("settle.watermark"))
    return rgb, notes


def after_marks(seen: Seen, added: Tensor) -> Seen:
    """As `seen`, once the marks have added this (3, H, W) to the picture."""

    def marked(rgb: Tensor, alpha: Tensor | None, part: Part) -> Tensor:
        return seen((rgb + added[part]).clamp(0, 1), alpha, part)

    return marked


def picture_at_score(plan: Plan, change: Split, seen: Seen, looked: Callable[[], None]) -> Tensor:
    """The picture with as much of the change as the plan's score allows, judged through `seen`.

    looked  called at every look of a judge but the two for colour, which take no time
    """
    height, width = change.pixels.shape[1:]
    whole: Part = slice(None), slice(0, height), slice(0, width)
    parts = [(slice(None), *part) for part in judged(plan, CROP)]
    glanced = glances(plan, change, seen, GLANCE)
    uncoded = glances(plan, change, through_codec(Export()), CROP)
    room = colour_room(plan, glanced)
    originals = [tuple(scales(unchanged(plan, part))) for part in parts]

    def after(part: Part, factor: float) -> Tensor:
        return changed(plan, change, part, with_room(room, factor), seen)

    def glimpsed(factor: float) -> Score:
        looked()
        return sampled(zip(originals, (after(part, factor) for part in parts), strict=True))

    def others(amounts: Amounts) -> Score:
        looked()
        return strictest(glanced(amounts))

    def held_out(amounts: Amounts) -> Score:
        looked()
        return points_held_out(uncoded(amounts))

    factor = scaled_to(plan.score, glimpsed, MOST)
    if parts != [whole] and not plan.faces:  # correct once for what the crops do not see
        missed = ssimulacra2(unchanged(plan, whole), after(whole, factor)) - glimpsed(factor)
        factor = scaled_to(Score(plan.score - missed), glimpsed, MOST)
    kept = with_room(room, factor)
    for judges in (others,) if plan.faces else (others, held_out):  # docs/faces.md is without it
        if judges(kept) < plan.score:
            kept = within(plan.score, judges, kept)
    return with_change(plan, change, whole, kept)


def within(score: Score, judges: Callable[[Amounts], Score], amounts: Amounts) -> Amounts:
    """As much of these amounts as those judges allow."""
    return amounts.times(scaled_to(score, lambda share: judges(amounts.times(share)), 1.0))


Glances = Callable[[Amounts], list[tuple[Tensor, Tensor]]]
"""Amounts of a change -> (clean, other) crops of the picture."""


def glances(plan: Plan, split: Split, seen: Seen, size: int) -> Glances:
    """Where the other judges look: at all of a small picture, at a grid of crops of a large one.

    size  of their sides, in pixels
    """
    parts = [(slice(None), *part) for part in judged(plan, size)]
    clean = [unchanged(plan, part) for part in parts]

    def at(amounts: Amounts) -> list[tuple[Tensor, Tensor]]:
        other = [changed(plan, split, part, amounts, seen) for part in parts]
        return list(zip(clean, other, strict=True))

    return at


def unchanged(plan: Plan, part: Part) -> Tensor:
    """That part of the artwork, on white."""
    alpha = plan.artwork.alpha
    return on_white(plan.artwork.rgb[part], None if alpha is None else alpha[part])


def changed(plan: Plan, split: Split, part: Part, amounts: Amounts, seen: Seen) -> Tensor:
    """That part with those amounts of the change, as a reader of the file sees it, on white."""
    alpha = plan.artwork.alpha
    rgb = with_change(plan, split, part, amounts)
    return seen(rgb, None if alpha is None else alpha[part], part)


def colour_room(plan: Plan, at: Glances) -> float:
    """The factor on the smooth part with which the picture's smooth colour is at its limit.

    Infinite where the change is to be scaled as one: a face network sees as detail what is smooth
    here, and pixel art keeps its cells.
    """
    if plan.faces or plan.art.grid:
        return math.inf
    limit, room = limits_at(plan.score).colour, 1.0
    for _ in range(2):  # the shift grows nearly in proportion
        room *= limit / max(mean_shift(at(Amounts(room, room))), 1e-6)
    return room


def with_room(room: float, factor: float) -> Amounts:
    """That factor on the change, and on its smooth part no more than there is room for."""
    return Amounts(factor, min(factor, max(room, LEAST_SMOOTH * factor)))


def with_change(plan: Plan, split: Split, part: Part, amounts: Amounts) -> Tensor:
    """That part of the picture with those amounts of the change, on the grid of its depth."""
    rgb, allowance = plan.artwork.rgb[part], plan.allowance[part]
    top, left = part[1].start or 0, part[2].start or 0
    columns, out = slice(left, left + rgb.shape[2]), torch.empty_like(rgb)
    for row in range(0, rgb.shape[1], STRIP):  # in strips: temporaries stay small
        cut = (slice(None), slice(row, min(row + STRIP, rgb.shape[1])))
        moved = split.part(slice(top + row, top + cut[1].stop), columns, amounts)
        out[cut] = snap(rgb[cut], moved, allowance[cut], plan.artwork.keep.depth)
    return out


def judged(plan: Plan, size: int) -> list[Spot]:
    """Where the change is judged: at every face, where only faces change; else at `crops`.

    Judged on the whole picture, a strong change of a face would drown in what stays unchanged.
    """
    height, width = plan.artwork.rgb.shape[1:]
    if plan.faces:
        return [around(face, height, width) for face in plan.faces]
    return crops(height, width, size)


def crops(height: int, width: int, size: int) -> list[tuple[slice, slice]]:
    """The whole picture where it is small, else an even grid of crops of that size."""
    if height * width <= 2 * (size * CROPS) ** 2:
        return [(slice(0, height), slice(0, width))]
    across = crop_spans(width, size)
    return [(rows, columns) for rows in crop_spans(height, size) for columns in across]


def judged_pixels(height: int, width: int) -> tuple[int, int, int]:
    """How many pixels are judged: in each look of a search; in the one look at the whole picture
    that corrects a search on crops, 0 without crops; in each look by the other judges."""
    each, others = (
        sum(
            (rows.stop - rows.start) * (columns.stop - columns.start)
            for rows, columns in crops(height, width, size)
        )
        for size in (CROP, GLANCE)
    )
    return each, 0 if each == height * width else height * width, others


def crop_spans(length: int, size: int) -> list[slice]:
    if length <= size * CROPS:
        return [slice(0, length)]
    starts = ((length - size) * i // (CROPS - 1) for i in range(CROPS))
    return [slice(start, start + size) for start in starts]
