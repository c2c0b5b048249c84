"""What is decided about a picture's faces: which of them, against which networks, towards whom."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from torch import Tensor

from ..embedders import EMBEDDERS
from ..embedders.loaded import attackable, embedder_folder, present_embedders
from ..errors import NotUsable
from ..machine.device import choose
from ..messages import Message, message
from ..pixels.flatten import on_white
from ..types import Artwork, Face, Goal, Intent, Recipe
from .detect import find_faces
from .gallery import Lent, farthest, with_faces, with_lent
from .place import largest, soft_mask

SMALL = 50  # pixels; a smaller face has too few of them to move networks far


@dataclass(frozen=True)
class Portrait:
    """The faces that are worked on, and everything that follows from them.

    mask      (1, H, W) in [0, 1]
    used      names of the embedders that are optimised against
    held_out  names of those that only measure
    notes     where faces were found, and how many are left alone or small
    """

    faces: tuple[Face, ...]
    mask: Tensor
    goals: tuple[Goal, ...]
    used: tuple[str, ...]
    held_out: tuple[str, ...]
    notes: tuple[Message, ...]


def portrait(artwork: Artwork, intent: Intent, recipe: Recipe, device: str) -> Portrait:
    """The portrait; raises NotUsable where there is no face, or not one that was asked for."""
    used = chosen_embedders(intent.surrogates)
    rgb = on_white(artwork.rgb, artwork.alpha)
    found = find_faces(rgb)
    faces = unspared(chosen_faces(found, intent.faces), intent.spared, *rgb.shape[1:])
    aimed = Towards(used, device, intent.target)
    return Portrait(
        faces=faces,
        mask=soft_mask(faces, *rgb.shape[1:]),
        goals=tuple(goal_named(kind, rgb, faces, aimed) for kind, _ in recipe.goals),
        used=used,
        held_out=tuple(name for name in present_embedders() if name not in used),
        notes=tuple(told_of_faces(found, faces)),
    )


def chosen_embedders(names: tuple[str, ...] | None) -> tuple[str, ...]:
    """The embedders that were asked for, else every one at hand that may be optimised against."""
    for name in names or ():
        embedder_folder(EMBEDDERS[name])
        if EMBEDDERS[name].measures_only:
            raise NotUsable("face.measures_only", name=name)
    return names or attackable(present_embedders())


def chosen_faces(found: Sequence[Face], numbers: Iterable[int] | None) -> tuple[Face, ...]:
    """The faces of these numbers, counted from 1 and from left to right; None: all of them."""
    if not found:
        raise NotUsable("face.none")
    if numbers is None:
        return tuple(found)
    wanted = tuple(dict.fromkeys(numbers))
    for number in wanted:
        if not 1 <= number <= len(found):
            raise NotUsable("face.no_number", number=number, count=len(found))
    return tuple(found[number - 1] for number in wanted)


def unspared(
    faces: Sequence[Face], spared: Sequence[tuple[float, float]], height: int, width: int
) -> tuple[Face, ...]:
    """The faces in which none of these points lies, (across, down) as shares of the picture's
    sides; raises NotUsable where that leaves none."""
    points = [(across * width, down * height) for across, down in spared]
    found = tuple(face for face in faces if not any(face.holds(*point) for point in points))
    if not found:
        raise NotUsable("face.all_spared")
    return found


def told_of_faces(found: Sequence[Face], faces: Sequence[Face]) -> Iterable[Message]:
    """Where faces are, to show a missed or a wrong one; then how many are left alone or small."""
    boxes = tuple(
        message("face.box", number=number, left=left, top=top, width=right - left, height=low - top)
        for number, face in enumerate(found, 1)
        for left, top, right, low in [tuple(round(value) for value in face.box)]
    )
    yield message("face.found", count=len(found), boxes=boxes)
    if len(faces) < len(found):
        yield message("face.left_alone", count=len(found) - len(faces))
    if small := [face for face in faces if face.side < SMALL]:
        yield message("face.small", count=len(small))


@dataclass(frozen=True)
class Towards:
    """What a goal is chosen by: the networks, where they run, and a picture of the person whose
    face is wanted, where the recipe asks for one."""

    used: tuple[str, ...]
    device: str
    person: Tensor | None


def goal_named(kind: str, rgb: Tensor, faces: Sequence[Face], aimed: Towards) -> Goal:
    """ "identity": the picture with the drawn faces that networks find most unlike its own;
    "oneself": the picture as it is; "person": the picture with another person's face."""
    if kind == "oneself":
        return Goal("oneself", message("face.oneself"), rgb)
    if kind == "person":
        lent = face_of_person(aimed.person)
        there = with_lent(rgb, ((face, lent) for face in faces))
        return Goal("person", message("face.person"), there)
    given = [(face, farthest(rgb, face, aimed.used, choose(aimed.device))) for face in faces]
    names = tuple(dict.fromkeys(name for _, name in given))
    return Goal("identity", message("face.identity", names=names), with_faces(rgb, given))


def face_of_person(picture: Tensor | None) -> Lent:
    """The person's face; raises NotUsable where there is no picture of one, or no face in it."""
    if picture is None or not (found := find_faces(picture)):
        raise NotUsable("face.no_person")
    return picture, largest(found)
