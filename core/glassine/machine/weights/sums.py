"""How weights are checked: by the sums that are known of their files.

A file is known by its git blob id at one commit of its makers' public repository, by a published
SHA-256, or by its line in SHA256SUMS beside its folder. Encoders are checked before their first use
in a process, so a changed one is never used. A file that none of these knows is the user's own and
is used as it is.
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
    """A published file, known by one of two sums.

    blob    its git blob id, for files of a public repository (the encoders)
    sha256  for files that are published elsewhere
    origin  address of the folder that holds it; "": the encoders' repository
    bytes   its size; 0: unknown, no larger than an encoder may be
    """

    file: str
    blob: str = ""
    sha256: str = ""
    origin: str = ""
    bytes: int = 0

    def is_at(self, path: Path) -> bool:
        """Whether the file at that path is this one."""
        return self.sum_of(path) == (self.sha256 or self.blob)

    def sum_of(self, path: Path) -> str:
        """The sum of the file at that path, of the kind by which this one is known."""
        if not self.sha256:
            return blob_id(path.read_bytes())
        with path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()


def verified_folder(name: str, published: Iterable[Wanted] = ()) -> Path:
    """The folder of that name; raises WeightsMissing where a file in it has a wrong sum.

    Each folder is checked once in a process (0.1 s for all encoders).
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
    """Raises where a file of that folder has another sum than the one known of it."""
    sums = listed_sums(place.parent, place.name)
    known = {name: Wanted(name, sha256=digest) for name, digest in sums.items()}
    known |= {file.file: file for file in published}
    for path in sorted(place.iterdir()):
        if path.name in known and not known[path.name].is_at(path):
            raise changed_file(path, known[path.name])


def listed_sums(source: Path, name: str) -> dict[str, str]:
    """Files of the folder `name` that SHA256SUMS in `source` lists, each with its sum."""
    path, found = source / SUMS, {}
    for line in path.read_text("utf-8", "replace").splitlines() if path.is_file() else ():
        digest, _, file = line.partition("  ")
        folder, _, inside = file.strip().removeprefix("./").partition("/")
        if folder == name and inside:
            found[inside] = digest
    return found


def blob_id(data: bytes) -> str:
    """Git's id of these contents: SHA-1 of "blob <size>", a zero byte, and the contents."""
    head = f"blob {len(data)}\0".encode()
    return hashlib.sha1(head + data, usedforsecurity=False).hexdigest()


def record_sums(place: Path) -> None:
    """Writes the sums of the files that were just checked to SHA256SUMS, to find later changes."""
    path = place.parent / SUMS
    old = path.read_text("utf-8").splitlines() if path.is_file() else []
    lines = [line for line in old if f"./{place.name}/" not in line]
    for file in sorted(place.iterdir()):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        lines.append(f"{digest}  ./{place.name}/{file.name}")
    write(path, ("\n".join(lines) + "\n").encode())


def published_files(files: list[Wanted], source: Path, name: str) -> list[Path]:
    """The published files, in `source` or in its subfolder of that name; [] where one is missing.

    Raises WeightsMissing where one was changed.
    """
    for place in (source, source / name):
        paths = [place / file.file for file in files]
        if not all(path.is_file() for path in paths):
            continue
        for path, file in zip(paths, files, strict=True):
            if not file.is_at(path):
                raise changed_file(path, file)
        return paths
    return []


def checked_files(source: Path, name: str) -> list[Path]:
    """Every file of that folder that SHA256SUMS lists, compared with its sum.

    Raises WeightsMissing where one was changed, or none is listed.
    """
    found = []
    for inside, digest in listed_sums(source, name).items():
        file, listed = source / name / inside, Wanted(inside, sha256=digest)
        if not file.is_file() or not listed.is_at(file):
            raise changed_file(file, listed)
        found.append(file)
    if not found:
        raise WeightsMissing("weights.none_listed", path=source / SUMS, name=name)
    return found


def changed_file(path: Path, wanted: Wanted, copy: Path | None = None) -> WeightsMissing:
    """Its details have the sum of that file, or of its copy, and the one that was published."""
    file = copy or path
    found = wanted.sum_of(file) if file.is_file() else "-"
    told = f"{found}, published: {wanted.sha256 or wanted.blob}"
    return WeightsMissing("weights.changed", path=path, details=told)


def how_verified(name: str, wanted: Iterable[Wanted]) -> Message:
    """How the weights of that name can be checked, for people; raises WeightsMissing where they are
    wrong or incomplete."""
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
