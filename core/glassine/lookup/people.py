"""A folder of people -> their faces: what is online of them, and what somebody looks them up with.

FOLDER/gallery/ANN/*    what is online of Ann: her protected copies, or her photos as they are
FOLDER/probes/ANN/*     other photos of her, never protected
FOLDER/clean/ANN/*      the originals of the gallery, in the same order of names; may be missing
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor

from ..errors import NotUsable, Unreadable
from ..faces.detect import find_faces
from ..faces.place import largest
from ..flow.read import read
from ..messages import Message, message
from ..pixels.flatten import on_white
from ..types import Face

GALLERY, PROBES, CLEAN = "gallery", "probes", "clean"


@dataclass(frozen=True)
class Shown:
    """One picture of one person, with the largest face in it.

    rgb    (3, H, W) on white
    clean  the same before it was protected; None: not known
    """

    person: str
    name: str
    rgb: Tensor
    face: Face
    clean: Tensor | None = None


@dataclass(frozen=True)
class People:
    """Every picture with a face, in the gallery and among the probes.

    notes  pictures that were left out, and why
    """

    gallery: tuple[Shown, ...]
    probes: tuple[Shown, ...]
    notes: tuple[Message, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(one.person for one in self.gallery))

    @property
    def looked_up(self) -> tuple[str, ...]:
        """People in the gallery of whom there are probes as well."""
        asked = {one.person for one in self.probes}
        return tuple(name for name in self.names if name in asked)

    @property
    def with_clean(self) -> bool:
        return all(one.clean is not None for one in self.gallery)


def people_in(folder: Path) -> People:
    """The folder's pictures; raises NotUsable where there is nobody to look up, or nobody to
    mistake them for."""
    notes: list[Message] = []
    gallery = tuple(shown_in(folder, GALLERY, notes))
    probes = tuple(shown_in(folder, PROBES, notes))
    found = People(gallery, probes, tuple(notes))
    if len(found.names) < 2 or not found.looked_up:
        raise NotUsable("lookup.nobody", folder=folder)
    return found


def shown_in(folder: Path, kind: str, notes: list[Message]) -> Iterator[Shown]:
    """Pictures of that kind, person by person; what has no face is noted and left out."""
    for place in sorted(path for path in (folder / kind).glob("*") if path.is_dir()):
        originals = pictures_in(folder / CLEAN / place.name) if kind == GALLERY else []
        files = pictures_in(place)
        if originals and len(originals) != len(files):
            raise NotUsable("lookup.uneven", person=place.name)
        for number, file in enumerate(files):
            try:
                rgb = flat(file)
                clean = flat(originals[number]) if originals else None
            except Unreadable as error:
                notes.append(message("cli.named", name=file.name, said=error.message))
                continue
            if clean is not None and clean.shape != rgb.shape:
                raise NotUsable("lookup.sizes", name=file.name)
            faces = find_faces(rgb if clean is None else clean)
            if not faces:
                notes.append(message("lookup.no_face", name=f"{place.name}/{file.name}"))
                continue
            yield Shown(place.name, file.name, rgb, largest(faces), clean)


def pictures_in(place: Path) -> list[Path]:
    """Files that may be pictures; pages of evidence and receipts lie beside copies."""
    beside = (".html", ".json", ".txt", ".md", ".csv")
    files = (path for path in place.glob("*") if path.is_file() and path.name[0] != ".")
    return sorted(path for path in files if path.suffix.lower() not in beside)


def flat(file: Path) -> Tensor:
    artwork = read(file)
    return on_white(artwork.rgb, artwork.alpha)
