"""What every effect is compared with: changes that look the same and protect nothing.

They change no more than the copy may: no transparent or unselected pixel, no colour in a grey
picture, and only whole cells of pixel art.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from torch import Tensor

from ..pixels.art import grid_from, held_to
from ..purifiers.codec import through_jpeg
from ..types import Plan
from ..visibility import ssimulacra2
from .sight import Sight

_LOOKS = 8  # halvings of the blend's share
_NEAR = 0.3  # of a SSIMULACRA2 point
_JPEG = 90


@dataclass(frozen=True)
class Controls:
    """(3, h, w) each, the measured part.

    clean, seen  the original and the protected picture
    scattered    the same change, its pixels in random order
    blend        the clean picture with the goal mixed in until SSIMULACRA2 is that of `seen`
    jpeg         the clean picture saved as JPEG 90
    goals        what the blend mixes in, with their weights; empty where nothing is aimed at
    share        of the goals in the blend, 0 to 1
    """

    clean: Tensor
    seen: Tensor
    scattered: Tensor
    jpeg: Tensor
    blend: Tensor | None
    goals: tuple[tuple[Tensor, float], ...]
    share: float = 0.0


def controls(plan: Plan, sight: Sight, share: float | None = None) -> Controls:
    """The controls of the measured part; `share` of the blend, None: searched here."""
    clean, seen = sight.cut(sight.clean), sight.cut(sight.seen)
    known = () if plan.recipe.away else plan.goals
    goals = tuple((sight.cut(goal.picture), goal.weight) for goal in known)
    allowed = sight.cut(plan.allowance) > 0
    goal = clean + permitted(plan, sight, mixed(goals) - clean) * allowed if goals else clean
    if share is None:
        share = share_alike(clean, seen, goal) if goals else 0.0
    return Controls(
        clean=clean,
        seen=seen,
        scattered=scattered(clean, seen, plan.seed, allowed),
        jpeg=through_jpeg(clean, _JPEG),
        blend=clean + share * (goal - clean) if goals else None,
        goals=goals,
        share=share,
    )


def permitted(plan: Plan, sight: Sight, change: Tensor) -> Tensor:
    """A change of the measured part, without colour or in whole cells where the copy's is."""
    art, top, left = plan.art, sight.rows.start, sight.columns.start
    return held_to(replace(art, grid=art.grid and grid_from(art.grid, top, left)), change)


def mixed(goals: Sequence[tuple[Tensor, float]]) -> Tensor:
    """The goals' weighted mean, as pixels."""
    whole = sum(weight for _, weight in goals)
    return torch.stack([weight / whole * picture for picture, weight in goals]).sum(0)


def scattered(clean: Tensor, seen: Tensor, seed: int, allowed: Tensor | None = None) -> Tensor:
    """Each pixel's change moved to a random other pixel, its three channels together.

    allowed  (1, h, w): the pixels among which they are moved; None: all
    """
    change, places = (seen - clean).flatten(1), torch.arange(clean[0].numel())
    if allowed is not None:
        places = places[allowed.flatten()]
    order = torch.randperm(len(places), generator=torch.Generator().manual_seed(seed))
    change[:, places] = change[:, places[order]]
    return (clean + change.view_as(clean)).clamp(0, 1)


def blended(clean: Tensor, seen: Tensor, goal: Tensor) -> Tensor:
    """The clean picture with the goal mixed in until it is as visible as the protected one."""
    return clean + share_alike(clean, seen, goal) * (goal - clean)


def share_alike(clean: Tensor, seen: Tensor, goal: Tensor) -> float:
    """The largest share of the goal that scores no worse than the protected picture, by halving."""
    score = ssimulacra2(clean, seen)
    low, high = 0.0, 1.0
    for _ in range(_LOOKS):
        share = (low + high) / 2
        got = ssimulacra2(clean, clean + share * (goal - clean))
        low, high = (low, share) if got < score else (share, high)
        if 0 <= got - score < _NEAR:  # a look that is near but worse leaves `low` far away
            break
    return low
