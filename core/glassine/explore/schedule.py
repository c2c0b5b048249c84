"""What a plan's steps look at: which encoders, how many of them at once, for how many steps."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from ..machine.device import Device
from ..surrogates import SMALL, Encoder, surrogate_named
from ..surrogates.encoders import gradient_encoders
from ..types import Plan

T = TypeVar("T")

AFTER = 0.5  # of the allowance: the first step size of a schedule that goes on from another


@dataclass(frozen=True)
class Schedule:
    """Steps on the same encoders, smaller and smaller ones.

    groups  each with how many of it one step looks at; 0 = all
    first   size of the first step, as a share of the limit of each pixel
    """

    steps: int
    groups: tuple[tuple[int, tuple[Encoder, ...]], ...]
    first: float = 1.0

    def step_size(self, step: int) -> float:
        """Share of the limit: from `first` down to nearly nothing, linearly."""
        return self.first * (1 - step / self.steps)


def schedules(plan: Plan, device: Device) -> tuple[Schedule, ...]:
    """A cheap start on the shipped likenesses of the real encoders where it is planned, then the
    plan's own steps."""
    own = groups(plan, device)
    if not plan.warm:
        return (Schedule(plan.steps, own),)
    likenesses = gradient_encoders(SMALL, device, True)
    group = tuple(net for family, net in likenesses.items() if family in plan.surrogates)
    start = Schedule(plan.warm, ((surrogate_named(SMALL).draw, group),))
    return start, Schedule(plan.steps, own, AFTER)


def groups(plan: Plan, device: Device) -> tuple[tuple[int, tuple[Encoder, ...]], ...]:
    """The plan's surrogates as groups of encoders."""
    alone = families_per_step(plan) == 1
    loaded = {
        name: tuple(gradient_encoders(name, device, alone).values()) for name in plan.surrogates
    }
    if plan.recipe.draw:
        return ((plan.recipe.draw, tuple(net for nets in loaded.values() for net in nets)),)
    return tuple((surrogate_named(name).draw, nets) for name, nets in loaded.items())


def families_per_step(plan: Plan) -> int:
    entries = map(surrogate_named, plan.surrogates)
    return plan.recipe.draw or sum(one.draw or max(1, len(one.families)) for one in entries)


def in_turn(group: Sequence[T], count: int, step: int) -> Sequence[T]:
    """The families of one step: all, or `count` of them in turn; each comes once a round."""
    if not count or count >= len(group):
        return group
    return [group[(step * count + i) % len(group)] for i in range(count)]
