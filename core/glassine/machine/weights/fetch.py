"""Weights from the network or from a folder, only when the user asks for them.

A download resumes where it was cut off; a folder gets its name once every file in it is checked.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from ...causes import details_of
from ...errors import NotWritable, WeightsMissing, reason_of
from ...messages import Message, message
from .places import download_folder
from .sums import (
    SUMS,
    Wanted,
    changed_file,
    checked_files,
    published_files,
    record_sums,
)

ORIGIN = (
    "https://raw.githubusercontent.com/madebyollin/taesd/5cccb12dc72074a4be35680c3b108548a7c69978"
)
_ORIGIN_VARIABLE = "GLASSINE_ORIGIN"  # names a mirror; its files are checked by the same sums
_PIECE = 1 << 18  # bytes
_PATIENCE = 30  # seconds without a byte until a try fails
_TRIES = 5
_LARGEST = 64 << 20  # bytes at most where a file's size is unknown; an encoder's file has 5 MB

Fetched = Callable[[str, int, int], None]
"""Called with file name, bytes so far, bytes in all (0 where the server does not say)."""


Check = Callable[[Path], object]
"""Raises WeightsMissing where the files of a folder cannot be used; may drop what is not needed."""


def unchecked(_: Path) -> None:
    """A check that accepts everything: the files' sums are enough."""


def fetch_folder(
    name: str, wanted: Iterable[Wanted], told: Fetched, check: Check = unchecked
) -> Path:
    """Downloads the files of that name; the folder appears only once all of them are right."""
    place, making = download_folder() / name, download_folder() / f".{name}.part"
    try:
        making.mkdir(parents=True, exist_ok=True)
        for file in wanted:
            fetch_file(file, making / file.file, told)
        return put_in_place(making, place, check)
    except OSError as error:
        raise not_stored(name, error) from error


def adopt_folder(
    name: str, wanted: Iterable[Wanted], source: Path, check: Check = unchecked
) -> Path:
    """Copies weights from a folder: the published files, or a folder `name` beside SHA256SUMS.

    An older folder is replaced only once the copies are the published files and pass `check`: sums
    in SHA256SUMS may have been made of files that were bad already.
    """
    files, place = list(wanted), download_folder() / name
    if (source / name).is_dir() and (source / SUMS).is_file():
        found = checked_files(source, name)
    elif places := published_files(files, source, name):
        found = places
    else:
        wanted_there = tuple(file.file for file in files)
        raise WeightsMissing(
            "weights.not_in", name=name, source=source, files=wanted_there, sums=SUMS
        )
    making = place.with_name(f".{name}.part")
    shutil.rmtree(making, ignore_errors=True)
    try:
        making.mkdir(parents=True)
        for path in found:
            shutil.copy2(path, making / path.name)
        refuse_changed(making, files, source)
        return put_in_place(making, place, check)
    except OSError as error:
        raise not_stored(name, error) from error
    finally:
        shutil.rmtree(making, ignore_errors=True)


def refuse_changed(making: Path, wanted: Iterable[Wanted], source: Path) -> None:
    """Raises where a copy differs from the published file of its name."""
    for file in wanted:
        copy = making / file.file
        if copy.is_file() and not file.is_at(copy):
            raise changed_file(source / file.file, file, copy)


def put_in_place(making: Path, place: Path, check: Check) -> Path:
    """Renames the finished folder once it passes `check`, then removes an older one of that name.

    Where this fails, the older folder returns.
    """
    check(making)
    before = put_back(place)
    if place.exists():
        place.rename(before)
    try:
        making.rename(place)
        record_sums(place)
    except OSError:
        shutil.rmtree(place, ignore_errors=True)
        put_back(place)
        raise
    shutil.rmtree(before, ignore_errors=True)
    return place


def put_back(place: Path) -> Path:
    """Where the older folder waits during the swap; one left there by an interrupted swap returns
    first."""
    before = place.with_name(f".{place.name}.before")
    if before.exists() and not place.exists():
        before.rename(place)
    shutil.rmtree(before, ignore_errors=True)
    return before


def not_stored(name: str, error: OSError) -> NotWritable:
    return NotWritable(
        "weights.not_stored", name=name, folder=download_folder(), reason=reason_of(error)
    )


def fetch_file(file: Wanted, path: Path, told: Fetched) -> None:
    """Downloads one file, resuming where an earlier try was cut off; raises WeightsMissing."""
    if path.is_file() and file.is_at(path):
        told(file.file, path.stat().st_size, path.stat().st_size)
        return
    path.unlink(missing_ok=True)
    part = path.with_name(f"{path.name}.part")
    problem = message("cause.unknown")
    for _ in range(_TRIES):
        try:
            download(file, part, told)
        except (URLError, HTTPException, TimeoutError, ConnectionError) as error:
            problem = network_reason(error)
            if isinstance(error, HTTPError) and error.code in (403, 404, 410):
                break
            continue
        if file.is_at(part):
            part.rename(path)
            return
        problem = message("weights.other_arrived", sum=file.sum_of(part)[:12])
        part.unlink()  # to resume a wrong beginning would never end right
    raise WeightsMissing("weights.not_fetched", file=file.file, reason=problem)


def download(file: Wanted, part: Path, told: Fetched) -> None:
    """Downloads the rest of a partial file, or all of it where the server cannot resume."""
    done = part.stat().st_size if part.exists() else 0
    name, most = file.file, file.bytes or _LARGEST
    origin = os.environ.get(_ORIGIN_VARIABLE, file.origin or ORIGIN)
    try:
        request = Request(f"{origin}/{name}")
        if done:
            request.add_header("Range", f"bytes={done}-")
        answer = urlopen(request, timeout=_PATIENCE)
    except HTTPError as error:
        if error.code == 416:  # nothing is left after these bytes: the file is whole
            return
        raise
    except ValueError as error:
        raise WeightsMissing(
            "weights.no_address",
            file=name,
            origin=origin,
            variable=_ORIGIN_VARIABLE,
            details=details_of(error),
        ) from error
    with answer:
        done = done if answer.status == 206 else 0
        total = done + int(answer.headers.get("Content-Length") or 0)
        with part.open("ab" if done else "wb") as stream:
            while piece := answer.read(_PIECE):
                stream.write(piece)
                done += len(piece)
                told(name, done, total)
                if done > most:
                    raise ConnectionError(message("weights.too_much"))
    if done < total:
        raise ConnectionError(message("weights.cut_off", done=done, total=total))


def network_reason(error: Exception) -> Message:
    """Why a download failed, in words for the artist."""
    if isinstance(error, HTTPError):
        return message("cause.server", status=error.code, details=details_of(error))
    inner = getattr(error, "reason", None)
    return reason_of(inner if isinstance(inner, Exception) else error, "network")
