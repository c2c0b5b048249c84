"""How far each encoder's view moved, beside its controls."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from ..embedders import EMBEDDERS, Embedder
from ..embedders.loaded import embedder
from ..faces.align import as_seen, shifted
from ..faces.place import largest
from ..machine.device import Device
from ..pixels.pad import padded
from ..surrogates import Encoder
from ..surrogates.encoders import encoders
from ..types import Effect, Face, Plan
from .controls import Controls
from .sight import Sight

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
    def sees(self, *pictures: Tensor) -> Tensor:
        """(3, h, w), as many as wanted -> latents of all in one pass, (N, C, h / 8, w / 8)."""
        return self.encode(torch.stack([padded(picture) for picture in pictures])).cpu()


@dataclass(frozen=True)
class FaceViewer(Viewer):
    """An embedder that looks at one face of the measured part, at one place in all pictures."""

    face: Face
    entry: Embedder

    @torch.no_grad()
    def sees(self, *pictures: Tensor) -> Tensor:
        """(3, h, w), as many as wanted -> (N, dims)."""
        crops = [as_seen(one, self.face, self.entry.points, self.entry.size) for one in pictures]
        return self.encode(torch.stack(crops)).cpu()


def face_viewers(plan: Plan, sight: Sight, device: Device) -> tuple[Viewer, ...]:
    """Every embedder that was optimised against, then those that only measure."""
    face = shifted(largest(plan.faces), sight.columns.start, sight.rows.start)
    roles: dict[str, Role] = dict.fromkeys(plan.surrogates, "used")
    roles |= dict.fromkeys(plan.held_out, "held out")
    return tuple(
        FaceViewer(name, role, embedder(name, device), face, EMBEDDERS[name])
        for name, role in roles.items()
    )


def viewers(plan: Plan, device: Device, sight: Sight) -> tuple[Viewer, ...]:
    """Every family that was optimised against, then those that are only measured."""
    if plan.faces:
        return face_viewers(plan, sight, device)
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


@dataclass(frozen=True)
class Before:
    """The measured part before anything is done to it: what every trial is compared with.

    aims  the goals' latents, through `look`
    rows  every family's effect through `look`
    look  how encoders are shown pictures of the part: as they are, or reduced as for training
    side  training size to which `look` reduces (training_sizes.SIZES); 0: it does not
    """

    viewers: tuple[Viewer, ...]
    controls: Controls
    aims: Aims
    rows: tuple[Effect, ...]
    look: Treat = untouched
    side: int = 0


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

    after  name of the purifier, whose function is `treat`
    aims   the goals' latents; None: goals are treated too, as what moves pixels (a crop) needs
    short  without the scattered control; where there is a goal, the blend is the stricter one
    """
    if aims is None:
        aims = aimed(all_viewers, [(treat(p), w) for p, w in controls.goals])
    blend = None if controls.blend is None else treat(controls.blend)
    looks = Looks(
        clean=treat(controls.clean),
        seen=treat(controls.seen),
        scattered=None if short else treat(controls.scattered),
        blend=blend,
        jpeg=None if after else controls.jpeg,
    )
    for viewer in all_viewers:
        yield effect(viewer, looks, aims.get(viewer.family), after)


@dataclass(frozen=True)
class Looks:
    """The pictures of one comparison, all treated alike; None: not compared."""

    clean: Tensor
    seen: Tensor
    scattered: Tensor | None
    blend: Tensor | None
    jpeg: Tensor | None


def effect(viewer: Viewer, looks: Looks, goal: Tensor | None, after: str) -> Effect:
    """One family's row: distances from the clean latents, over the spread of these."""
    shown = {name: look for name, look in vars(looks).items() if look is not None}
    seen = dict(zip(shown, viewer.sees(*shown.values()), strict=True))
    start = seen["clean"]
    spread = max(float((start - start.mean()).norm()), 1e-9)

    def moved(name: str) -> float:
        return float((seen[name] - start).norm()) / spread if name in seen else math.nan

    return Effect(
        family=viewer.family,
        role=viewer.role,
        after=after,
        moved=moved("seen"),
        scattered=moved("scattered"),
        closed=closed(start, seen["seen"], goal),
        blend=closed(start, seen.get("blend"), goal),
        jpeg=moved("jpeg"),
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
