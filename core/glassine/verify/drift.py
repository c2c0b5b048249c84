"""How far each encoder's view moved, beside its controls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..device import Device
from ..encoders import encoders
from ..optimise.loop import padded
from ..surrogates import Encoder
from ..types import Effect, Plan
from .controls import Controls

Role = Literal["used", "held out"]
Treat = Callable[[Tensor], Tensor]
"""(3, h, w) -> same size: what a purifier does to one picture."""

Aims = Mapping[str, Tensor]
"""Family -> latents that are aimed at."""


@dataclass(frozen=True)
class Viewer:
    """One family's encoder and the part it plays in this plan."""

    family: str
    role: Role
    encode: Encoder

    @torch.no_grad()
    def sees(self, picture: Tensor) -> Tensor:
        """(3, h, w) -> latents."""
        return self.encode(padded(picture)[None]).cpu()


def viewers(plan: Plan, device: Device) -> tuple[Viewer, ...]:
    """Every family that was optimised against, then those that are only measured."""
    found = []
    named: tuple[tuple[Role, tuple[str, ...]], ...] = (
        ("used", plan.surrogates),
        ("held out", plan.held_out),
    )
    for role, names in named:
        for name in names:
            nets = encoders(name, device)
            for family, encode in nets.items():
                label = family if len(nets) == 1 else f"{name}/{family}"
                found.append(Viewer(label, role, encode))
    return tuple(found)


def untouched(picture: Tensor) -> Tensor:
    return picture


def effects(
    all_viewers: tuple[Viewer, ...],
    controls: Controls,
    *,
    after: str = "",
    treat: Treat = untouched,
    aims: Aims | None = None,
    short: bool = False,
) -> Iterator[Effect]:
    """One row per family.

    aims: the goals' latents; None: goals are treated too, as those that move pixels (crops) need
    short: without the scattered control, for treatments that take minutes per picture.
    """
    clean, seen = treat(controls.clean), treat(controls.seen)
    blend = None if controls.blend is None else treat(controls.blend)
    scattered = None if short else treat(controls.scattered)
    if aims is None:
        aims = aimed(all_viewers, [(treat(p), w) for p, w in controls.goals])
    jpeg = None if after else controls.jpeg
    for viewer in all_viewers:
        start, end = viewer.sees(clean), viewer.sees(seen)
        spread = (start - start.mean()).norm().item()
        goal = aims.get(viewer.family)

        def moved(
            picture: Tensor | None,
            viewer: Viewer = viewer,
            start: Tensor = start,
            spread: float = spread,
        ) -> float:
            if picture is None:
                return math.nan
            return float((viewer.sees(picture) - start).norm()) / max(spread, 1e-9)

        yield Effect(
            family=viewer.family,
            role=viewer.role,
            after=after,
            moved=(end - start).norm().item() / max(spread, 1e-9),
            scattered=moved(scattered),
            closed=closed(start, end, goal),
            blend=closed(start, None if blend is None else viewer.sees(blend), goal),
            jpeg=moved(jpeg),
        )


def aimed(all_viewers: Sequence[Viewer], goals: Sequence[tuple[Tensor, float]]) -> Aims:
    """The weighted mean of the goals' latents, family by family; empty without goals."""
    if not goals:
        return {}
    return {
        viewer.family: torch.stack([weight * viewer.sees(p) for p, weight in goals]).sum(0)
        for viewer in all_viewers
    }


def closed(start: Tensor, end: Tensor | None, goal: Tensor | None) -> float:
    """Share of the latent distance to the goal that was covered; NaN without a goal."""
    if end is None or goal is None:
        return math.nan
    gap = float((start - goal).norm())
    return 1 - float((end - goal).norm()) / gap if gap > 0 else math.nan
