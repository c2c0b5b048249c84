"""Whether a look-up for one person returns a group's pictures instead (Evtimov et al., 2020).

FOLDER/gallery/ANN/*   what is online of Ann, as it is; others' folders beside it are passers-by
FOLDER/probes/ANN/*    other photos of her, with which she is looked up
FOLDER/group/BEN/*     pictures of people who agreed to stand in for her
FOLDER/decoys/BEN/*    their copies, once they are made
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from ..embedders.loaded import present_embedders
from ..errors import NotUsable
from ..faces.gallery import seen_by
from ..machine.device import Device
from ..messages import Message, message
from .found import Role
from .people import GALLERY, PROBES, Shown, shown_in
from .rates import FEW, distances

GROUP, DECOYS = "group", "decoys"
HALF = 0.5  # of the look-ups


@dataclass(frozen=True)
class Stood:
    """Who is protected, and who stands in for that person.

    gallery  pictures of everybody who is online; `own` are the person's
    probes   photos with which the person is looked up
    group    pictures of the people who stand in
    notes    pictures that were left out, and why
    """

    person: str
    gallery: tuple[Shown, ...]
    probes: tuple[Shown, ...]
    group: tuple[Shown, ...]
    notes: tuple[Message, ...] = ()

    @property
    def own(self) -> tuple[Shown, ...]:
        return tuple(one for one in self.gallery if one.person == self.person)


@dataclass(frozen=True)
class Returned:
    """What look-ups return.

    own    share of look-ups whose first picture is the person's own
    group  share of look-ups whose first picture is one of the group's
    among  share of the first five pictures that are the group's
    """

    own: float
    group: float
    among: float


@dataclass(frozen=True)
class Pulled:
    """One network's look-ups, before there were decoys and with them."""

    network: str
    role: Role
    before: Returned
    after: Returned


@dataclass(frozen=True)
class Fog:
    """Everything that was found, doubts first. `looked`: photos with which the person was looked
    up; `decoys`: copies in which a face was found."""

    doubts: tuple[Message, ...]
    lines: tuple[Pulled, ...]
    looked: int
    decoys: int
    notes: tuple[Message, ...] = ()


def stood_in(folder: Path, person: str) -> Stood:
    """The folder's pictures; raises NotUsable where the person or the group has no face there."""
    notes: list[Message] = []
    gallery, probes, group = (tuple(shown_in(folder, k, notes)) for k in (GALLERY, PROBES, GROUP))
    asked = tuple(one for one in probes if one.person == person)
    found = Stood(person, gallery, asked, group, tuple(notes))
    if not (found.own and asked and group):
        raise NotUsable("lookup.no_group", folder=folder, person=person)
    return found


def face_to_reach(stood: Stood, used: Sequence[str], device: Device) -> Tensor:
    """(3, H, W): the person's picture that is most like all their own, as those networks see it."""
    apart = torch.zeros(len(stood.own))
    for name in used:
        rows = [(one.name, seen_by(name, device, one.rgb, one.face)) for one in stood.own]
        away = distances(rows, rows).mean(1)
        apart += away / away.mean().clamp_min(1e-12)
    return stood.own[int(apart.argmin())].rgb


def fogged(stood: Stood, folder: Path, used: Sequence[str], device: Device) -> Fog:
    """The look-ups with the group's pictures as they were, and with the decoys in their place."""
    notes = list(stood.notes)
    decoys = tuple(shown_in(folder, DECOYS, notes))
    lines = [pulled(name, stood, decoys, used, device) for name in present_embedders()]
    return Fog(
        doubts=tuple(doubts_about_decoys(stood, lines)),
        lines=tuple(lines),
        looked=len(stood.probes),
        decoys=len(decoys),
        notes=tuple(notes),
    )


def pulled(
    name: str, stood: Stood, decoys: Sequence[Shown], used: Sequence[str], device: Device
) -> Pulled:
    def numbers(shown: Sequence[Shown], who: str = "") -> list[tuple[str, Tensor]]:
        return [(who or one.person, seen_by(name, device, one.rgb, one.face)) for one in shown]

    online, asked = numbers(stood.gallery), numbers(stood.probes)
    before, after = (
        returned(stood.person, [*online, *numbers(group, GROUP)], asked)
        for group in (stood.group, decoys)
    )
    role: Role = "used" if name in used else "held out"
    return Pulled(name, role, before, after)


def returned(
    person: str, gallery: Sequence[tuple[str, Tensor]], probes: Sequence[tuple[str, Tensor]]
) -> Returned:
    """Shares over the probes. The group's pictures are called GROUP."""
    names = [name for name, _ in gallery]
    ranked = [[names[at] for at in row] for row in distances(probes, gallery).argsort(1).tolist()]
    few = [row[:FEW].count(GROUP) / len(row[:FEW]) for row in ranked]
    first = [row[0] for row in ranked]
    return Returned(
        own=first.count(person) / len(first),
        group=first.count(GROUP) / len(first),
        among=sum(few) / len(few),
    )


def doubts_about_decoys(stood: Stood, lines: Sequence[Pulled]) -> Iterator[Message]:
    worst = max(lines, key=lambda line: line.after.own)
    role = message("role.held_out" if worst.role == "held out" else "role.used")
    yield message(
        "lookup.decoys_found",
        network=worst.network,
        role=role,
        person=stood.person,
        share=worst.after.own,
        count=len(stood.probes),
    )
    kept = tuple(line.network for line in lines if line.after.own > HALF * line.before.own)
    if kept:
        yield message("lookup.decoys_kept", networks=kept)
    if not any(line.role == "held out" for line in lines):
        yield message("lookup.no_held_out")
    yield message("lookup.decoys_one")
    yield message("lookup.decoys_always", person=stood.person)
