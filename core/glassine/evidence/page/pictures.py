"""The pictures of the page: what people see of it first, then what a model sees."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass, replace

import torch.nn.functional as F
from torch import Tensor

from ...explore.redrawn import redrawn
from ...formats import FORMATS
from ...machine.device import Device
from ...pixels.resize import lanczos
from ...surrogates import SMALL, SURROGATES
from ...surrogates.eyes import Eye, eyes
from ...types import Keep, Plan
from ..controls import mixed
from ..sight import Sight

TIMES = 8  # the difference is shown that much stronger
SEEN_TIMES = 8  # the same, for the difference of what a model keeps
_WHOLE = 720  # pixels; larger pictures are shown smaller
_CROP, _CROPS, _ENLARGED = 96, 3, 2  # pixels of a side; how many; times larger on the page
_FAMILIES = 2  # encoders whose view is shown
_EXACT, GOOD, _ROUGH = 100, 90, 75  # of WebP; a page is sent and kept, so it must stay small


@dataclass(frozen=True)
class Shown:
    """One picture on the page. `alt` is what somebody who cannot see it hears."""

    caption: str
    alt: str
    uri: str
    width: int
    height: int


def as_shown(rgb: Tensor, caption: str, alt: str, quality: int = GOOD) -> Shown:
    write = FORMATS["webp"].write
    assert write is not None
    data = write(rgb.clamp(0, 1).contiguous(), None, Keep(), quality)
    uri = "data:image/webp;base64," + base64.b64encode(data).decode()
    return Shown(caption, alt, uri, rgb.shape[2], rgb.shape[1])


def overview(sight: Sight) -> tuple[Shown, Shown, Shown]:
    """Original, protected, difference; the whole picture."""
    change = ((sight.seen - sight.clean).abs() * TIMES).clamp(0, 1)
    height, width = sight.clean.shape[1:]
    factor = min(1.0, _WHOLE / max(height, width))
    size = max(1, round(height * factor)), max(1, round(width * factor))
    clean, seen, change = (
        picture if factor == 1 else lanczos(picture, *size)
        for picture in (sight.clean, sight.seen, change)
    )
    smaller = "" if factor == 1 else f", shown at {factor:.0%}"
    return (
        as_shown(clean, f"Original{smaller}", "The picture before"),
        as_shown(seen, f"Protected{smaller}", "The picture after"),
        as_shown(
            change, f"Difference, {TIMES} times stronger", "Where it changed, and how much", _ROUGH
        ),
    )


def worst_places(sight: Sight) -> list[tuple[Shown, Shown]]:
    """Original and protected at the places where the change stands out most."""
    pairs = []
    for number, (top, left, size) in enumerate(places(sight), 1):
        before, after = (
            picture[:, top : top + size, left : left + size]
            for picture in (sight.clean, sight.seen)
        )
        where = f"place {number}, {size} px enlarged {_ENLARGED} times"
        pairs.append(
            (
                enlarged(before, f"Original, {where}", f"Before, at {left}, {top}"),
                enlarged(after, f"Protected, {where}", f"After, at {left}, {top}"),
            )
        )
    return pairs


def enlarged(cut: Tensor, caption: str, alt: str) -> Shown:
    """A crop without loss; the browser makes its pixels larger."""
    shown = as_shown(cut, caption, alt, _EXACT)
    return replace(shown, width=shown.width * _ENLARGED, height=shown.height * _ENLARGED)


def places(sight: Sight) -> Iterator[tuple[int, int, int]]:
    """top, left, size of the squares where change over local contrast is largest."""
    height, width = sight.clean.shape[1:]
    size = max(1, min(_CROP, height // 2, width // 2))
    change = (sight.seen - sight.clean).abs().mean(0)[None, None]
    grey = sight.clean.mean(0)[None, None]
    stride = max(1, size // 4)
    mean = F.avg_pool2d(grey, size, stride)
    contrast = (F.avg_pool2d(grey.square(), size, stride) - mean.square()).clamp_min(0).sqrt()
    loud = (F.avg_pool2d(change, size, stride) / (contrast + 0.02))[0, 0]
    for _ in range(_CROPS):
        value, at = loud.flatten().max(0)
        if value <= 0:
            return
        row, column = divmod(int(at), loud.shape[1])
        yield row * stride, column * stride, size
        loud[max(0, row - 3) : row + 4, max(0, column - 3) : column + 4] = 0


def model_views(plan: Plan, sight: Sight, device: Device) -> list[tuple[str, list[Shown]]]:
    """Name of an encoder -> original, protected, their difference and the target, decoded from its
    latents."""
    if plan.faces:  # what an embedder keeps is no picture
        return []
    names = [*plan.surrogates[:1], *plan.held_out[:1], *plan.surrogates[1:], *plan.held_out[1:]]
    return [
        (whose(eye, plan), seen_through(eye, plan, sight)) for eye in eyes(names, device, _FAMILIES)
    ]


def redrawn_views(plan: Plan, sight: Sight, device: Device) -> list[Shown]:
    """What the plan's model redraws of original and protected, and the difference; [] unasked."""
    if not plan.redraw:
        return []
    cuts = [sight.cut(picture) for picture in (sight.clean, sight.seen)]
    before, after = redrawn(plan, device, *cuts)
    return [
        as_shown(before, "From the original", "What it makes of the original", _ROUGH),
        as_shown(after, "From the protected picture", "What it makes of that", _ROUGH),
        difference_shown(before, after, "Where these differ"),
    ]


def difference_shown(before: Tensor, after: Tensor, says: str) -> Shown:
    """The difference of two pictures that a model gave, made stronger."""
    moved = (after - before).abs() * SEEN_TIMES
    return as_shown(moved, f"Difference of the two, {SEEN_TIMES} times stronger", says, _ROUGH)


def whose(eye: Eye, plan: Plan) -> str:
    covers = SURROGATES.words(eye.family) if eye.family in SURROGATES else eye.family
    used = "optimised against" if eye.name in plan.surrogates else "held out"
    return f"{covers} ({used}{', in the likeness that ships' if eye.name == SMALL else ''})"


def seen_through(eye: Eye, plan: Plan, sight: Sight) -> list[Shown]:
    before, after = (eye.sees(sight.cut(picture)) for picture in (sight.clean, sight.seen))
    shown = [
        as_shown(before, "In the original", "What it keeps of the original", _ROUGH),
        as_shown(after, "In the protected picture", "What it keeps of that", _ROUGH),
        difference_shown(before, after, "Where they differ"),
    ]
    if plan.goals:
        cuts = tuple((sight.cut(goal.picture), goal.weight) for goal in plan.goals)
        goal = eye.sees(mixed(cuts))
        shown.append(as_shown(goal, "In the target", "What it keeps of the target", _ROUGH))
    return shown
