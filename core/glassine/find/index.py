"""What every file of a folder looks like, kept, so that a second search reads no pictures again.

One SQLite file per folder in the user's cache. Written in small transactions: stopping loses
seconds of work, and a file that was changed is looked at anew.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import numpy as np
import pyvips
from platformdirs import user_cache_path

from ..errors import NotUsable, NotWritable, reason_of
from ..ledger import fingerprint
from ..marks import containers
from ..messages import Message, from_plain, message, to_plain
from ..types import Progress, Watch
from .features import FEW, Descriptors, described
from .opened import not_read, pictures_below, small_of

_BATCH = 64
_FORM = 2  # version of the table; 1 had sentences where codes are now
_TABLE = """CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, hashes BLOB,
    features BLOB, sha256 TEXT, says TEXT NOT NULL DEFAULT '', signed INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '')"""


@dataclass(frozen=True)
class Seen:
    """One file. `says`: its XMP packet; `problem`: why it could not be looked at, else None."""

    path: Path
    sha256: str
    hashes: bytes
    features: Descriptors
    says: str
    signed: bool
    problem: Message | None


def index_path(folder: Path) -> Path:
    """$GLASSINE_CACHE or the user's cache; one file for each folder that is searched."""
    named = os.environ.get("GLASSINE_CACHE")
    base = Path(named) if named else user_cache_path("glassine")
    name = hashlib.sha256(os.fsencode(folder.resolve())).hexdigest()[:24]
    return base / "find" / f"{name}.sqlite3"


@contextmanager
def open_index(folder: Path) -> Iterator[sqlite3.Connection]:
    file, link = index_path(folder), None
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = reason_of(error)
        raise NotWritable(
            "index.no_place", folder=folder, place=file.parent, reason=reason
        ) from error
    try:
        link = sqlite3.connect(file, timeout=30, isolation_level=None)
        with suppress(sqlite3.OperationalError):  # locked: another search is just switching it on
            link.execute("PRAGMA journal_mode=WAL")
        renew(link)
        yield link
    except sqlite3.DatabaseError as error:
        raise NotUsable("index.unusable", path=file, reason=reason_of(error)) from error
    finally:
        if link is not None:
            link.close()


def renew(link: sqlite3.Connection) -> None:
    """Makes the table, or makes it anew where another version wrote it in another form."""
    link.execute("PRAGMA synchronous=NORMAL")
    if form(link) == _FORM:
        return
    link.execute("BEGIN IMMEDIATE")
    if form(link) != _FORM:  # another search may just have renewed it
        link.execute("DROP TABLE IF EXISTS files")
        link.execute(_TABLE)
        link.execute(f"PRAGMA user_version={_FORM}")
    link.execute("COMMIT")


def form(link: sqlite3.Connection) -> int:
    ((number,),) = link.execute("PRAGMA user_version")
    return int(number)


def update(folder: Path, watch: Watch) -> tuple[int, tuple[Message, ...]]:
    """Looks at files that are new or changed, and forgets those that are gone.

    Gives the number of pictures, and a message for each file that could not be looked at.
    """
    with open_index(folder) as link:
        known = {
            path: (size, at)
            for path, size, at in link.execute("SELECT path, size, changed FROM files")
        }
        files, passed = pictures_below(folder, {Path(os.fsdecode(path)) for path in known})
        states = {os.fsencode(path): _state(path) for path in files}
        gone = [(path,) for path in known if path not in states]
        link.execute("BEGIN")
        link.executemany("DELETE FROM files WHERE path = ?", gone)
        link.execute("COMMIT")
        fresh = [path for path in states if known.get(path) != states[path]]
        done = len(files) - len(fresh)
        pyvips.cache_set_max(0)  # no picture is opened twice; libvips' cache costs a quarter
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for batch in _batches(fresh):
                rows = list(pool.map(_row, batch))
                link.execute("BEGIN")
                link.executemany("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?,?)", rows)
                link.execute("COMMIT")
                done += len(rows)
                watch(Progress(done, len(files), "look"))
    return len(files), passed


def _state(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_size, found.st_mtime_ns


def _batches(paths: Iterable[bytes]) -> Iterator[list[bytes]]:
    line = iter(paths)
    while batch := list(islice(line, _BATCH)):
        yield batch


def _row(name: bytes) -> tuple[object, ...]:
    path = Path(os.fsdecode(name))
    state, what = _state(path), message("picture.named", name=path)
    try:
        data = path.read_bytes()
        pixels = small_of(data, what)
        hashes, features = fingerprint.hashes(pixels), described(pixels, FEW, what)[1]
        says, signed = (containers.packet(data) or b""), containers.signed(data)
    except NotUsable as error:
        return unusable(name, state, error.message)
    except (OSError, MemoryError) as error:
        return unusable(name, state, not_read(path, error))
    digest = hashlib.sha256(data).hexdigest()
    words = says.decode("utf-8", "replace")
    return name, *state, hashes, features.tobytes(), digest, words, int(signed), ""


def unusable(name: bytes, state: tuple[int, int], problem: Message) -> tuple[object, ...]:
    """The row of a file that could not be looked at: only the reason, as JSON, which takes any
    file's name."""
    return name, *state, b"", b"", "", "", 0, json.dumps(to_plain(problem))


def seen_files(folder: Path) -> Iterator[Seen]:
    """Every file of the index, by name."""
    with open_index(folder) as link:
        rows = link.execute(
            "SELECT path, sha256, hashes, features, says, signed, problem FROM files ORDER BY path"
        )
        for path, digest, hashes, features, says, signed, problem in rows:
            array = np.frombuffer(features, np.uint8).reshape(-1, 32)
            name = Path(os.fsdecode(path))
            why = from_plain(json.loads(problem)) if problem else None
            yield Seen(name, digest, hashes, array, says, bool(signed), why)
