"""What weights must be: git blob ids at one commit, or sums in SHA256SUMS beside them.

Every file is known by its git blob id at one commit of the public repository that its makers
publish, or by its sum in SHA256SUMS beside it. Encoders are compared with these before their first
use in a process, so a changed one is never used; a file that neither knows is the user's own and
is taken as it is.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ...errors import WeightsMissing, reason_of
from ...messages import Message, message
from ..files import write
from .places import folder_of

SUMS = "SHA256SUMS"


@dataclass(frozen=True)
class Wanted:
    """One file to be had: its name and its git blob id.

    origin  address of the folder that it is fetched from; "": where the encoders come from
    """

    file: str
    blob: str
    origin: str = ""


def verified_folder(name: str, published: Iterable[Wanted] = ()) -> Path:
    """The folder of that name, unless a file in it is not what was published or listed.

    Each folder is looked at once in a process (0.1 s for all encoders); raises WeightsMissing.
    """
    place = folder_of(name)
    try:
        check_folder(place, tuple(published))
    except OSError as error:
        raise WeightsMissing(
            "weights.unreadable", name=name, place=place, reason=reason_of(error, "damaged")
        ) from error
    return place


@cache
def check_folder(place: Path, published: tuple[Wanted, ...]) -> None:
    """Raises where a file of that folder has another sum than the one that is known of it."""
    blobs, sums = (
        {file.file: file.blob for file in published},
        listed_sums(place.parent, place.name),
    )
    for path in sorted(place.iterdir()):
        if path.name in blobs:
            right = blob_id(path.read_bytes()) == blobs[path.name]
        elif path.name in sums:
            right = hashlib.sha256(path.read_bytes()).hexdigest() == sums[path.name]
        else:
            continue
        if not right:
            raise changed_file(path)


def listed_sums(source: Path, name: str) -> dict[str, str]:
    """Files of the folder `name` that the list of sums in `source` has, each with its sum."""
    path, found = source / SUMS, {}
    for line in path.read_text("utf-8", "replace").splitlines() if path.is_file() else ():
        digest, _, file = line.partition("  ")
        folder, _, inside = file.strip().removeprefix("./").partition("/")
        if folder == name and inside:
            found[inside] = digest
    return found


def blob_id(data: bytes) -> str:
    """What git calls these contents: sha1 of "blob <size>", a zero byte, and the contents."""
    head = f"blob {len(data)}\0".encode()
    return hashlib.sha1(head + data, usedforsecurity=False).hexdigest()


def record_sums(place: Path) -> None:
    """Notes the sums of what was just checked, so that `verify` can tell a later change."""
    path = place.parent / SUMS
    old = path.read_text("utf-8").splitlines() if path.is_file() else []
    lines = [line for line in old if f"./{place.name}/" not in line]
    for file in sorted(place.iterdir()):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        lines.append(f"{digest}  ./{place.name}/{file.name}")
    write(path, ("\n".join(lines) + "\n").encode())


def published_files(files: list[Wanted], source: Path, name: str) -> list[Path]:
    """The published files in that folder or in its folder of that name; [] where one lacks."""
    for place in (source, source / name):
        paths = [place / file.file for file in files]
        if not all(path.is_file() for path in paths):
            continue
        for path, file in zip(paths, files, strict=True):
            if blob_id(path.read_bytes()) != file.blob:
                raise changed_file(path)
        return paths
    return []


def checked_files(source: Path, name: str) -> list[Path]:
    """Every file of that folder that the list of sums names, each compared with it."""
    found = []
    for inside, digest in listed_sums(source, name).items():
        file = source / name / inside
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise changed_file(file)
        found.append(file)
    if not found:
        raise WeightsMissing("weights.none_listed", path=source / SUMS, name=name)
    return found


def changed_file(path: Path) -> WeightsMissing:
    return WeightsMissing("weights.changed", path=path)


def how_verified(name: str, wanted: Iterable[Wanted]) -> Message:
    """How the weights of that name were checked, in a few words; raises WeightsMissing."""
    place, files = folder_of(name), list(wanted)
    if published_files(files, place, ""):
        return message("weights.published")
    if (place.parent / SUMS).is_file():
        checked_files(place.parent, name)
        return message("weights.listed", path=place.parent / SUMS)
    there = sorted(path.name for path in place.iterdir())
    if not there:
        raise WeightsMissing("weights.empty", place=place, name=name)
    if any(file.file in there for file in files):
        names = tuple(file.file for file in files)
        raise WeightsMissing("weights.lacking", place=place, files=names, name=name)
    return message("weights.unchecked")
