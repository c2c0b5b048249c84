"""The look-up test: every network, on clean and cloaked galleries and on controls beside them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from math import ceil

import torch
from torch import Generator, Tensor

from ..embedders import EMBEDDERS
from ..embedders.loaded import attackable, present_embedders
from ..evidence.controls import blended, scattered
from ..faces.detect import find_faces
from ..faces.gallery import farthest, seen_by, with_faces
from ..faces.place import around, largest
from ..machine.device import Device
from ..purifiers import PURIFIERS
from ..types import Progress, Watch, quiet
from .doubts import doubts_about
from .found import Line, Lookup, Role
from .people import People, Shown
from .rates import Named, rates, threshold
from .robust import through_heads

Change = Callable[[Shown], Tensor]
"""A picture of the gallery -> (3, H, W): the picture that stands online in its place."""

ONLINE = (0.0, 0.25, 0.5)
"""Shares of a person's gallery that were online before anything was protected."""
AFTER = ("jpeg75", "half", "blur")
"""Purifiers that copies go through before they are looked up, unless others are named."""
SEED = 7


def compared(
    people: People,
    device: Device,
    used: Sequence[str] | None = None,
    after: Sequence[str] = AFTER,
    watch: Watch = quiet,
) -> Lookup:
    """The look-up test of these people, on every network at hand.

    used   networks that the copies were optimised against; None: all that may be
    after  purifiers that the copies go through, one at a time
    """
    networks = present_embedders()
    aimed = attackable(networks) if used is None else tuple(used)
    _ = [EMBEDDERS[name] for name in aimed]  # raises for an unknown name
    changes = dict(conditions(people, aimed, device, after))
    lines, faces = list[Line](), dict[tuple[str, str], list[Shown]]()
    total = len(changes) + len(networks)
    for number, (key, change) in enumerate(changes.items(), 1):
        faces[key] = [found for one in people.gallery for found in again(one, change)]
        watch(Progress(number, total, "compare"))
    for number, name in enumerate(networks, len(changes) + 1):
        role: Role = "used" if name in aimed else "held out"
        lines += seen_lines(name, role, people, faces, device)
        watch(Progress(number, total, "compare"))
    return Lookup(
        doubts=tuple(doubts_about(people, lines)),
        lines=tuple(lines),
        people=len(people.looked_up),
        pictures=len(people.gallery) + len(people.probes),
        chance=1 / len(people.names),
        notes=people.notes,
    )


def conditions(
    people: People, aimed: Sequence[str], device: Device, after: Sequence[str]
) -> Iterator[tuple[tuple[str, str], Change]]:
    """(what, after) of each row, and how a picture of the gallery becomes what that row shows."""
    yield ("cloaked", ""), copy_of
    for name in after:
        yield ("cloaked", name), partial(handled, name, copy_of)
    if not people.with_clean:
        return
    yield ("clean", ""), clean_of
    for name in after:
        yield ("clean", name), partial(handled, name, clean_of)
    yield ("blend", ""), partial(in_its_place, partial(blend, aimed, device))
    yield ("scattered", ""), partial(in_its_place, scatter)


def handled(name: str, of: Change, one: Shown) -> Tensor:
    """What that purifier makes of the picture that `of` gives."""
    return PURIFIERS[name].apply(of(one), Generator().manual_seed(SEED))


def copy_of(one: Shown) -> Tensor:
    return one.rgb


def clean_of(one: Shown) -> Tensor:
    assert one.clean is not None, "only asked where originals are known"
    return one.clean


def in_its_place(control: Callable[[Shown, Tensor, Tensor], Tensor], one: Shown) -> Tensor:
    """The clean picture with that control where the face is."""
    clean = clean_of(one)
    rows, columns = around(one.face, *clean.shape[1:])
    cut, out = (slice(None), rows, columns), clean.clone()
    out[cut] = control(one, clean[cut], one.rgb[cut])
    return out


def scatter(_: Shown, clean: Tensor, seen: Tensor) -> Tensor:
    return scattered(clean, seen, SEED)


def blend(aimed: Sequence[str], device: Device, one: Shown, clean: Tensor, seen: Tensor) -> Tensor:
    """The drawn face farthest from this one, plainly mixed in until as visible as the copy."""
    whole = clean_of(one)
    who = farthest(whole, one.face, aimed, device)
    rows, columns = around(one.face, *whole.shape[1:])
    goal = with_faces(whole, [(one.face, who)])[:, rows, columns]
    return blended(clean, seen, goal)


def again(one: Shown, change: Change) -> Iterator[Shown]:
    """The changed picture, its face found anew; nothing where no face is found in it."""
    rgb = change(one)
    if faces := find_faces(rgb):
        yield replace(one, rgb=rgb, face=largest(faces))


@torch.no_grad()
def seen_lines(
    name: str,
    role: Role,
    people: People,
    faces: dict[tuple[str, str], list[Shown]],
    device: Device,
) -> Iterator[Line]:
    """All rows of one network."""

    def named(pictures: Sequence[Shown]) -> Named:
        return [(one.person, seen_by(name, device, one.rgb, one.face)) for one in pictures]

    probes, rows = named(people.probes), {key: named(found) for key, found in faces.items()}
    clean = rows.get(("clean", ""), rows["cloaked", ""])
    most = threshold(clean, probes)
    for (what, after), changed in rows.items():
        for online in (
            ONLINE if what == "cloaked" and not after and people.with_clean else ONLINE[:1]
        ):
            galleries = {
                person: in_gallery(person, changed, clean, online) for person in people.looked_up
            }
            yield Line(name, role, what, after, online, rates(galleries, probes, most))
    if people.with_clean:
        found = through_heads(people.looked_up, rows["cloaked", ""], clean, probes)
        yield Line(name, role, "robust", "", 0.0, found)


def in_gallery(person: str, changed: Named, clean: Named, online: float) -> Named:
    """Everybody else clean; of that person the share `online` clean, and the rest changed."""
    own, before = ([row for row in rows if row[0] == person] for rows in (changed, clean))
    kept = ceil(online * len(before))
    others = [row for row in clean if row[0] != person]
    return [*others, *before[:kept], *own[kept:]]
