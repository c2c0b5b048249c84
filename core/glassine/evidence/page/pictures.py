"""The pictures of the page: what people see of it first, then what a model sees."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ...formats import FORMATS
from ...machine.device import Device
from ...pixels.pad import padded
from ...pixels.resize import lanczos
from ...surrogates import SURROGATES
from ...surrogates import encoders as nets
from ...types import Keep, Plan
from ..controls import mixed
from ..sight import Sight

TIMES = 8  # the difference is shown that much stronger
_WHOLE = 720  # pixels; larger pictures are shown smaller
_CROP, _CROPS, _ENLARGED = 96, 3, 2
_FAMILIES = 2
_EXACT, _GOOD = 100, 90


@dataclass(frozen=True)
class Shown:
    """One picture on the page. `alt` is what somebody who cannot see it hears."""

    caption: str
    alt: str
    uri: str
    width: int
    height: int


def as_shown(rgb: Tensor, caption: str, alt: str, *, exact: bool = False) -> Shown:
    write = FORMATS["webp"].write
    assert write is not None
    data = write(rgb.clamp(0, 1).contiguous(), None, Keep(), _EXACT if exact else _GOOD)
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
        as_shown(clean, f"Original{smaller}", "The picture before", exact=factor == 1),
        as_shown(seen, f"Protected{smaller}", "The picture after", exact=factor == 1),
        as_shown(change, f"Difference, {TIMES} times stronger", "Where it changed, and how much"),
    )


def worst_places(sight: Sight) -> list[tuple[Shown, Shown]]:
    """Original and protected at the places where the change stands out most."""
    pairs = []
    for number, (top, left, size) in enumerate(places(sight), 1):
        cuts = [
            picture[:, top : top + size, left : left + size].repeat_interleave(_ENLARGED, 1)
            for picture in (sight.clean, sight.seen)
        ]
        before, after = (cut.repeat_interleave(_ENLARGED, 2) for cut in cuts)
        where = f"place {number}, {size} px enlarged {_ENLARGED} times"
        pairs.append(
            (
                as_shown(before, f"Original, {where}", f"Before, at {left}, {top}", exact=True),
                as_shown(after, f"Protected, {where}", f"After, at {left}, {top}", exact=True),
            )
        )
    return pairs


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


@torch.no_grad()
def model_views(plan: Plan, sight: Sight, device: Device) -> list[tuple[str, list[Shown]]]:
    """Per family: latents of original, protected and target, turned back into pictures."""
    used = [name for name in plan.surrogates if name in SURROGATES]
    names = [*used[:1], *plan.held_out[:1], *used[1:], *plan.held_out[1:]]
    views: list[tuple[str, list[Shown]]] = []
    for name in names:
        covers = SURROGATES.words(name)
        if len(views) == _FAMILIES or (decode := nets.decoder(name, device)) is None:
            continue
        (encode,) = nets.encoders(name, device).values()
        pictures = {"the original": sight.clean, "the protected picture": sight.seen}
        parts = {what: sight.cut(picture) for what, picture in pictures.items()}
        if plan.goals:
            cuts = tuple((sight.cut(goal.picture), goal.weight) for goal in plan.goals)
            parts["the target"] = mixed(cuts)
        role = "optimised against" if name in plan.surrogates else "held out"
        row = []
        for what, cut in parts.items():
            seen = decode(encode(padded(cut)[None])).cpu()
            seen = seen[0, :, : cut.shape[1], : cut.shape[2]]
            row.append(as_shown(seen, f"In {what}", f"What {covers} keeps of {what}"))
        views.append((f"{covers} ({role})", row))
    return views
