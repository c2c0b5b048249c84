"""The picture as it is posted, and as it is learned: a large one is optimised at both sizes.

What is optimised at full size is fine detail, which averages away when training reduces the
picture. So its reduced copies are optimised too, each by itself, and all changes are added up,
which is as good as steps on all sizes at once. At the same visibility a 1024 px picture gives up
9 % of its effect as posted and has 45 % more once it is reduced to 512 (reduced.json of the bench).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import torch
import torch.nn.functional as F
from torch import Tensor

from ..types import Plan
from .training_sizes import reduced_to, training_sizes

SHARE = 0.6  # of a level's weight for the next smaller one: coarse changes are seen most


@dataclass(frozen=True)
class Level:
    """The same plan at one size; `weight` is what its change counts in the sum."""

    plan: Plan
    weight: float


def levels(plan: Plan) -> tuple[Level, ...]:
    """Full size first, then every size at which the picture would be learned."""
    plans = (plan, *(reduced(plan, side) for side in training_sizes(plan)))
    return tuple(Level(one, SHARE**depth) for depth, one in enumerate(plans))


def reduced(plan: Plan, side: int) -> Plan:
    """The plan for a copy whose shorter side is `side`; the full size brings the colours."""
    alpha = plan.artwork.alpha
    artwork = replace(
        plan.artwork,
        rgb=reduced_to(plan.artwork.rgb, side),
        alpha=None if alpha is None else reduced_to(alpha, side),
    )
    return replace(
        plan,
        artwork=artwork,
        recipe=replace(plan.recipe, tint=0.0),
        goals=tuple(replace(goal, picture=reduced_to(goal.picture, side)) for goal in plan.goals),
        allowance=reduced_to(plan.allowance, side),
    )


def add(total: Tensor, change: Tensor, weight: float) -> None:
    """Adds a level's change to the whole picture's (3, H, W) float16, channel by channel."""
    for into, channel in zip(total, change, strict=True):
        whole = F.interpolate(
            channel[None, None].float(), total.shape[1:], mode="bicubic", align_corners=False
        )
        into += (weight * whole[0, 0]).to(torch.float16)
