"""Where surrogates' weights lie on this machine, and how they are checked and fetched.

Nothing is fetched unless somebody asks for it. Every file is known by its git blob id at one
commit of the public repository that its makers publish, or by its sum in SHA256SUMS beside it.
Encoders are compared with these before their first use in a process, so a changed one is never
used; a file that neither knows is the user's own and is taken as it is.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from platformdirs import user_data_path

from .errors import NotWritable, WeightsMissing

ORIGIN = (
    "https://raw.githubusercontent.com/madebyollin/taesd/5cccb12dc72074a4be35680c3b108548a7c69978"
)
_ORIGIN_VARIABLE = "GLASSINE_ORIGIN"  # a mirror; what it gives is checked all the same
_PIECE = 1 << 18  # bytes
_PATIENCE = 30  # seconds without a byte
_TRIES = 5
_SUMS = "SHA256SUMS"
_LARGEST = 64 << 20  # bytes; the real files have 5 MB, so more is not one of them

Fetched = Callable[[str, int, int], None]
"""Called with file name, bytes so far, bytes in all (0 where the server does not say)."""


@dataclass(frozen=True)
class Wanted:
    """One file to be had: its name and its git blob id."""

    file: str
    blob: str


def folders() -> tuple[Path, ...]:
    """Places that are searched, in order: $GLASSINE_MODELS, then the user's own data folder."""
    return tuple(dict.fromkeys((home(), user_data_path("glassine") / "models")))


def home() -> Path:
    """Where fetched weights are put: the first of these."""
    named = os.environ.get("GLASSINE_MODELS")
    return Path(named) if named else user_data_path("glassine") / "models"


def present(name: str) -> bool:
    return any((place / name).is_dir() for place in folders())


def find(name: str) -> Path:
    """The folder of that name; raises WeightsMissing with how to get it."""
    for place in folders():
        if (place / name).is_dir():
            return place / name
    raise WeightsMissing(
        f"The weights '{name}' were asked for and are not on this machine. "
        f"Get them with: glassine models get {name}"
    )


def sound(name: str, published: Iterable[Wanted] = ()) -> Path:
    """The folder of that name, unless a file in it is not what was published or listed.

    Each folder is looked at once in a process (0.1 s for all encoders); raises WeightsMissing.
    """
    place = find(name)
    try:
        compared(place, tuple(published))
    except OSError as error:
        raise WeightsMissing(
            f"The weights '{name}' in '{place}' could not be read: {error.strerror or error}. "
            f"Fetch them again with: glassine models get"
        ) from error
    return place


@cache
def compared(place: Path, published: tuple[Wanted, ...]) -> None:
    """Raises where a file of that folder has another sum than the one that is known of it."""
    blobs, sums = {file.file: file.blob for file in published}, listed(place.parent, place.name)
    for path in sorted(place.iterdir()):
        if path.name in blobs:
            right = blob_id(path.read_bytes()) == blobs[path.name]
        elif path.name in sums:
            right = hashlib.sha256(path.read_bytes()).hexdigest() == sums[path.name]
        else:
            continue
        if not right:
            raise corrupt(path)


def listed(source: Path, name: str) -> dict[str, str]:
    """Files of the folder `name` that the list of sums in `source` has, each with its sum."""
    path, found = source / _SUMS, {}
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


def get(name: str, wanted: Iterable[Wanted], told: Fetched) -> Path:
    """Fetches a surrogate's files; the folder appears under its name only when all are right."""
    place, making = home() / name, home() / f".{name}.part"
    try:
        making.mkdir(parents=True, exist_ok=True)
        for file in wanted:
            fetch(file, making / file.file, told)
        return finished(making, place)
    except OSError as error:
        raise not_stored(name, error) from error


def not_stored(name: str, error: OSError) -> NotWritable:
    return NotWritable(
        f"The weights '{name}' could not be stored in '{home()}': {error.strerror or error}. "
        f"Make room, or set GLASSINE_MODELS to another folder."
    )


def finished(making: Path, place: Path) -> Path:
    """Puts the folder under its name; an older one of that name goes."""
    if place.exists():
        shutil.rmtree(place)
    making.rename(place)
    record(place)
    return place


def record(place: Path) -> None:
    """Notes the sums of what was just checked, so that `verify` can tell a later change."""
    path = place.parent / _SUMS
    old = path.read_text("utf-8").splitlines() if path.is_file() else []
    lines = [line for line in old if f"./{place.name}/" not in line]
    for file in sorted(place.iterdir()):
        digest = hashlib.sha256(file.read_bytes()).hexdigest()
        lines.append(f"{digest}  ./{place.name}/{file.name}")
    path.write_text("\n".join(lines) + "\n", "utf-8")


def fetch(file: Wanted, path: Path, told: Fetched) -> None:
    """One file, going on where an earlier attempt was cut off."""
    if path.is_file() and blob_id(path.read_bytes()) == file.blob:
        told(file.file, path.stat().st_size, path.stat().st_size)
        return
    path.unlink(missing_ok=True)
    part, problem = path.with_name(f"{path.name}.part"), ""
    for _ in range(_TRIES):
        try:
            download(file.file, part, told)
        except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
            problem = reason(error)
            if isinstance(error, HTTPError) and error.code in (403, 404, 410):
                break
            continue
        data = part.read_bytes()
        if blob_id(data) == file.blob:
            part.rename(path)
            return
        problem = f"what arrived is not the published file (git blob {blob_id(data)[:12]})"
        part.unlink()  # going on from a wrong beginning would stay wrong
    raise WeightsMissing(
        f"The file '{file.file}' could not be fetched: {problem}. Try again later, or carry the "
        f"files over from another machine and use: glassine models get --from FOLDER"
    )


def reason(error: Exception) -> str:
    said = getattr(error, "reason", None) or error
    return str(said) or type(error).__name__


def download(name: str, part: Path, told: Fetched) -> None:
    """Adds to the part that is there; a server that cannot go on starts from the beginning."""
    done = part.stat().st_size if part.exists() else 0
    origin = os.environ.get(_ORIGIN_VARIABLE, ORIGIN)
    try:
        request = Request(f"{origin}/{name}")
        if done:
            request.add_header("Range", f"bytes={done}-")
        answer = urlopen(request, timeout=_PATIENCE)
    except HTTPError as error:
        if error.code == 416:  # nothing after what is there: it is whole
            return
        raise
    except ValueError as error:
        raise WeightsMissing(
            f"The file '{name}' was to be fetched from '{origin}', as {_ORIGIN_VARIABLE} says, "
            f"and that is no web address ({error}). Write it in full, like https://example.org/"
            f"models, or leave {_ORIGIN_VARIABLE} out."
        ) from error
    with answer:
        done = done if answer.status == 206 else 0
        total = done + int(answer.headers.get("Content-Length") or 0)
        with part.open("ab" if done else "wb") as stream:
            while piece := answer.read(_PIECE):
                stream.write(piece)
                done += len(piece)
                told(name, done, total)
                if done > _LARGEST:
                    raise ConnectionError("the server sends more than the file holds")
    if done < total:
        raise ConnectionError(f"cut off after {done} of {total} bytes")


def adopt(name: str, wanted: Iterable[Wanted], source: Path) -> Path:
    """Copies a surrogate from a folder: the original files, or one laid out as ours."""
    files = list(wanted)
    if (source / name).is_dir() and (source / _SUMS).is_file():
        found = checked(source, name)
    elif places := originals(files, source, name):
        found = places
    else:
        raise WeightsMissing(
            f"The weights '{name}' were not found in '{source}'. It should hold "
            f"{', '.join(file.file for file in files)}, or a folder '{name}' listed in {_SUMS}."
        )
    making = home() / f".{name}.part"
    shutil.rmtree(making, ignore_errors=True)
    try:
        making.mkdir(parents=True)
        for path in found:
            shutil.copy2(path, making / path.name)
        return finished(making, home() / name)
    except OSError as error:
        raise not_stored(name, error) from error


def originals(files: list[Wanted], source: Path, name: str) -> list[Path]:
    """The published files in that folder or in its folder of that name; [] where one lacks."""
    for place in (source, source / name):
        paths = [place / file.file for file in files]
        if not all(path.is_file() for path in paths):
            continue
        for path, file in zip(paths, files, strict=True):
            if blob_id(path.read_bytes()) != file.blob:
                raise corrupt(path)
        return paths
    return []


def checked(source: Path, name: str) -> list[Path]:
    """Every file of that folder that the list of sums names, each compared with it."""
    found = []
    for inside, digest in listed(source, name).items():
        file = source / name / inside
        if not file.is_file() or hashlib.sha256(file.read_bytes()).hexdigest() != digest:
            raise corrupt(file)
        found.append(file)
    if not found:
        raise WeightsMissing(f"The list '{source / _SUMS}' names no file of '{name}'.")
    return found


def corrupt(path: Path) -> WeightsMissing:
    return WeightsMissing(
        f"'{path}' is not the published file: it was changed or cut off on the way. "
        f"Copy it again, or fetch it with: glassine models get"
    )


def verify(name: str, wanted: Iterable[Wanted]) -> str:
    """How the weights of that name were checked, in a few words; raises WeightsMissing."""
    place, files = find(name), list(wanted)
    if originals(files, place, ""):
        return "the published files, unchanged"
    if (place.parent / _SUMS).is_file():
        checked(place.parent, name)
        return f"as listed in {place.parent / _SUMS}"
    there = sorted(path.name for path in place.iterdir())
    if not there:
        raise WeightsMissing(f"The folder '{place}' is empty. Get it: glassine models get {name}")
    if any(file.file in there for file in files):
        raise WeightsMissing(
            f"The folder '{place}' lacks one of {', '.join(file.file for file in files)}. "
            f"Get them again: glassine models get {name}"
        )
    return "present; there is no published sum to compare it with"
