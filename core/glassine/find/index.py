"""What every file of a folder looks like, kept, so that a second search reads no pictures again.

One SQLite file per folder in the user's cache. Written in small transactions: stopping loses
seconds of work, and a file that was changed is looked at anew.
"""

from __future__ import annotations

import hashlib
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

from ..errors import NotUsable, NotWritable, Unreadable
from ..ledger import fingerprint
from ..marks import containers
from ..types import Progress, Watch
from .features import FEW, Descriptors, described
from .works import PICTURES, walk

_BATCH = 64
_TABLE = """CREATE TABLE IF NOT EXISTS files (
    path BLOB PRIMARY KEY, size INTEGER NOT NULL, changed INTEGER NOT NULL, hashes BLOB,
    features BLOB, sha256 TEXT, says TEXT NOT NULL DEFAULT '', signed INTEGER NOT NULL DEFAULT 0,
    problem TEXT NOT NULL DEFAULT '')"""


@dataclass(frozen=True)
class Seen:
    """One file. `says` is its XMP packet, `problem` why it could not be looked at."""

    path: Path
    sha256: str
    hashes: bytes
    features: Descriptors
    says: str
    signed: bool
    problem: str


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
        raise NotWritable(
            f"The folder '{folder}' was to be searched, but its index cannot be put into "
            f"'{file.parent}': {error.strerror or error}. Name another folder with GLASSINE_CACHE."
        ) from error
    try:
        link = sqlite3.connect(file, timeout=30, isolation_level=None)
        with suppress(sqlite3.OperationalError):  # locked: another search is just switching it on
            link.execute("PRAGMA journal_mode=WAL")
        link.executescript(f"PRAGMA synchronous=NORMAL; {_TABLE}")
        yield link
    except sqlite3.DatabaseError as error:
        raise NotUsable(
            f"The index {file} of this folder cannot be used ({error}). It holds nothing that "
            f"cannot be made again: delete it and search once more, or name another folder for it "
            f"with GLASSINE_CACHE."
        ) from error
    finally:
        if link is not None:
            link.close()


def update(folder: Path, watch: Watch) -> int:
    """Looks at what is new or changed, forgets what is gone; gives the number of pictures."""
    files = [path for path in walk(folder) if path.suffix.lower() in PICTURES]
    with open_index(folder) as link:
        known = {
            path: (size, at)
            for path, size, at in link.execute("SELECT path, size, changed FROM files")
        }
        states = {os.fsencode(path): _state(path) for path in files}
        gone = [(path,) for path in known if path not in states]
        link.execute("BEGIN")
        link.executemany("DELETE FROM files WHERE path = ?", gone)
        link.execute("COMMIT")
        fresh = [path for path in states if known.get(path) != states[path]]
        done = len(files) - len(fresh)
        pyvips.cache_set_max(0)  # no picture is opened twice; remembering them costs a quarter
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for batch in _batches(fresh):
                rows = list(pool.map(_row, batch))
                link.execute("BEGIN")
                link.executemany("INSERT OR REPLACE INTO files VALUES (?,?,?,?,?,?,?,?,?)", rows)
                link.execute("COMMIT")
                done += len(rows)
                watch(Progress(done, len(files), "look"))
    return len(files)


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
    state = _state(path)
    try:
        data = path.read_bytes()
        pixels = fingerprint.open_small(data, name=f"'{path}'")
        hashes, features = fingerprint.hashes(pixels), described(pixels, FEW, f"'{path}'")[1]
        says, signed = (containers.packet(data) or b""), containers.signed(data)
    except (Unreadable, OSError, MemoryError) as error:
        problem = str(error) or type(error).__name__
        return name, *state, b"", b"", "", "", 0, storable(problem)
    digest = hashlib.sha256(data).hexdigest()
    words = says.decode("utf-8", "replace")
    return name, *state, hashes, features.tobytes(), digest, words, int(signed), ""


def storable(sentence: str) -> str:
    """A sentence that can be stored, though a name in it may be bytes that are no text."""
    return sentence.encode("utf-8", "replace").decode()


def seen_files(folder: Path) -> Iterator[Seen]:
    """Every file of the index, by name."""
    with open_index(folder) as link:
        rows = link.execute(
            "SELECT path, sha256, hashes, features, says, signed, problem FROM files ORDER BY path"
        )
        for path, digest, hashes, features, says, signed, problem in rows:
            array = np.frombuffer(features, np.uint8).reshape(-1, 32)
            name = Path(os.fsdecode(path))
            yield Seen(name, digest, hashes, array, says, bool(signed), problem)
