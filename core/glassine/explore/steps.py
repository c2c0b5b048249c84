"""One tile's change: projected gradient steps towards the goals under a per-pixel limit.

Projected gradient descent (Madry et al., 2018). Step sizes fall linearly, and a step is a little
larger where gradients are steep.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from ..machine.device import Device
from ..messages import message
from ..pixels.flatten import on_white
from ..pixels.pad import padded
from ..types import Plan
from ..units import to_unit
from .fit import fit
from .pull import Pull, of_mean_size, pulls
from .schedule import Schedule, in_turn
from .tiles import Tile

STEEP = 3.0  # times the mean size of a gradient: no step grows beyond it
WHOLE = 20  # points of SSIMULACRA2: with fewer to lose, reach is less; at 85 that closes 7 % more


@dataclass(frozen=True)
class Ground:
    """What the steps of one tile stand on, on the device that computes.

    clean  (3, h, w) in [0, 1]: where they start, the picture with its tint
    limit  (3, h, w): the largest change of each value
    alpha  (1, h, w), or None
    power  of its own size that a gradient adds to a step
    """

    clean: Tensor
    limit: Tensor
    alpha: Tensor | None
    power: float


def tile_change(
    plan: Plan,
    tile: Tile,
    start: Tensor,
    along: Sequence[Schedule],
    device: Device,
    stepped: Callable[[], None],
) -> Tensor:
    """(3, h, w): the change of one tile after all steps, which add to its `start`."""

    def here(picture: Tensor) -> Tensor:
        return padded(tile.cut(picture).float()).to(device.kind)

    untouched, colour = here(plan.artwork.rgb), torch.tensor(plan.recipe.colour, device=device.kind)
    ground = Ground(
        clean=(untouched + padded(start).to(device.kind)).clamp(0, 1),
        limit=here(plan.allowance) * reach(plan) * colour[:, None, None],
        alpha=None if plan.artwork.alpha is None else here(plan.artwork.alpha),
        power=plan.recipe.power,
    )
    goals = [(here(goal.picture)[None], goal.weight) for goal in plan.goals]
    change = torch.zeros_like(ground.clean)
    for schedule in along:
        groups = [  # a family whose turn never comes needs no goal: a preview has three steps
            (count, pulls(group[: count * schedule.steps or None], goals))
            for count, group in schedule.groups
        ]
        for done in range(schedule.steps):
            towards = [pull for count, group in groups for pull in in_turn(group, count, done)]
            change = step(change, towards, ground, schedule.step_size(done))
            stepped()
    if not change.isfinite().all():
        raise FloatingPointError(message("steps.no_numbers"))
    height, width = tile.cut(plan.allowance).shape[1:]
    return (change + ground.clean - untouched)[:, :height, :width].cpu()


def step(change: Tensor, towards: Sequence[Pull], ground: Ground, size: float) -> Tensor:
    """Look, find the gradient, move against it, and stay within the limit."""
    change.requires_grad_(True)
    seen = on_white(ground.clean + change, ground.alpha)[None]
    gradient = summed_gradients(towards, seen, change)
    moved = change.detach() - size * ground.limit * sized(gradient, ground.power)
    return fit(moved, ground.clean, ground.limit)


def reach(plan: Plan) -> float:
    """The recipe's reach in [0, 1]; less where the result would be scaled to half of it anyway.

    On the real five at 85, five pictures: +7 %; on the embedded ones +1 %. At 70 and below a reach
    found picture by picture, from how much noise fits, gave nothing (lab/study/embedded).
    """
    return to_unit(plan.recipe.reach) * min(1.0, (100 - plan.score) / WHOLE)


def summed_gradients(towards: Sequence[Pull], seen: Tensor, change: Tensor) -> Tensor:
    """Sum over families of gradients of equal size, scaled to mean size 1: none shouts louder."""
    return of_mean_size(torch.stack([pull.gradient(seen, change) for pull in towards]).sum(0))


def sized(gradient: Tensor, power: float) -> Tensor:
    """Its sign, larger where the gradient is steep: where it is nearly flat the sign is chance.

    With the power .35 steps on one family in turn close 3 % more at equal visibility than with 0,
    steps on all five as much at a lower LPIPS (lab/study/embedded).
    """
    return gradient.sign() * of_mean_size(gradient).abs().clamp_max(STEEP) ** power
