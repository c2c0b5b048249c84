"""What was exported, when, with which settings and which watermark. One SQLite file of the artist.

It has a rollback journal and full synchronisation: a process killed in the middle of a write loses
that write and nothing else, and two processes take turns. It has no write-ahead log, because SQLite
does not wait for a lock while it switches to one: two processes that began a new ledger at once
could fail. Rows are chained by hash, so that one that was altered or dropped later shows; the
digest of the last row, kept elsewhere, dates all of them.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from platformdirs import user_data_path

from ..errors import NotUsable, NotWritable, reason_of

CANARY = "canary"
"""The format of an entry that is no export, but a canary: a motif that exports carry (probe)."""

_PATIENCE = 30.0  # seconds one process waits for another's write
_LARGEST = 1 << 20  # bytes of a receipt beside its file; usual ones have a few thousand
_TABLES = """
CREATE TABLE IF NOT EXISTS ids (watermark INTEGER PRIMARY KEY, issued TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS exports (
    id INTEGER PRIMARY KEY, sha256 TEXT UNIQUE NOT NULL, hashes BLOB NOT NULL,
    watermark INTEGER, title TEXT NOT NULL, format TEXT NOT NULL, created TEXT NOT NULL,
    version TEXT NOT NULL, seed INTEGER, settings TEXT NOT NULL, view BLOB NOT NULL,
    chain TEXT NOT NULL, path TEXT NOT NULL DEFAULT '', never INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS publications (
    export INTEGER NOT NULL REFERENCES exports(id), place TEXT NOT NULL, day TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS by_watermark ON exports(watermark);
"""

_WITHOUT_VIEW = (
    "id, sha256, hashes, watermark, title, format, created, version, seed, settings, chain, path, "
    "never"
)


@dataclass(frozen=True, kw_only=True)
class Entry:
    """One export.

    hashes    perceptual hashes of the picture, 32 bytes each (fingerprint.py)
    settings  what the export was made with; no path and no passphrase
    view      a small JPEG of the *protected* picture, never of the clean one; b"": not loaded
    chain     sha256 over the entry before and this one; "" until it is written
    never     the artist's word that it was never published
    published (place, day) pairs
    """

    sha256: str
    hashes: bytes
    title: str
    format: str
    version: str
    settings: dict[str, Any]
    view: bytes = b""
    watermark: int | None = None
    seed: int | None = None
    id: int = 0
    created: str = ""
    chain: str = ""
    path: str = ""
    never: bool = False
    published: tuple[tuple[str, str], ...] = ()

    def receipt(self) -> dict[str, Any]:
        """The entry as a sidecar's JSON."""
        plain = asdict(replace(self, hashes=b"", view=b""))
        plain |= {"hashes": self.hashes.hex(), "view": None, "path": None}
        plain["watermark"] = None if self.watermark is None else f"{self.watermark:08x}"
        return {key: value for key, value in plain.items() if value is not None}

    def sidecar(self) -> bytes:
        """The receipt as a file to lie beside the export; it never holds a path."""
        return (json.dumps(self.receipt(), indent=1) + "\n").encode()


def is_sidecar(file: Path) -> bool:
    """Whether a file is the JSON of a receipt; no more of it is read than a receipt can have."""
    try:
        with file.open("rb") as stream:
            told = json.loads(stream.read(_LARGEST))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(told, dict) and {"sha256", "hashes", "chain"} <= told.keys()


def ledger_path() -> Path:
    """The file: $GLASSINE_LEDGER, else in the user's data folder."""
    named = os.environ.get("GLASSINE_LEDGER")
    return Path(named) if named else user_data_path("glassine") / "ledger.sqlite3"


@contextmanager
def _open(write: bool = False) -> Iterator[sqlite3.Connection]:
    file = ledger_path()
    try:
        link = _link_to(file, write)
    except (OSError, sqlite3.Error) as error:
        raise _unusable(file, error, write) from error
    try:
        link.row_factory = sqlite3.Row
        link.execute("PRAGMA synchronous=EXTRA")
        if link.execute("PRAGMA user_version").fetchone()[0] == 0:
            link.executescript(f"BEGIN IMMEDIATE; {_TABLES} PRAGMA user_version=1; COMMIT;")
        link.execute("BEGIN IMMEDIATE" if write else "BEGIN")
        yield link
        link.execute("COMMIT")
    except sqlite3.Error as error:
        raise _unusable(file, error, write) from error
    finally:
        link.close()  # rolls back what was not committed


def _link_to(file: Path, write: bool) -> sqlite3.Connection:
    """A connection to the ledger; who only reads a missing one gets an empty one in memory."""
    there = file.exists()
    if write:
        file.parent.mkdir(parents=True, exist_ok=True)
    name = file if write or there else ":memory:"
    return sqlite3.connect(name, timeout=_PATIENCE, isolation_level=None)


def _unusable(file: Path, error: Exception, write: bool) -> NotUsable:
    kind = NotWritable if write else NotUsable
    return kind("ledger.unusable", file=file, reason=reason_of(error))


def check_writable() -> None:
    """Raises what `record_export` would raise, before the work is done."""
    with _open(write=True) as link:  # SQLite begins to write only where something is written
        link.execute("INSERT OR REPLACE INTO ids VALUES (-1, '')")
        link.execute("DELETE FROM ids WHERE watermark = -1")


def issue() -> int:
    """A watermark id that was never given out: 32 random bits.

    They are uniform, because the p-value of a match rests on that and on nothing else.
    """
    with _open(write=True) as link:
        while True:
            number = secrets.randbits(32)
            row = (number, _now())
            if link.execute("INSERT OR IGNORE INTO ids VALUES (?, ?)", row).rowcount:
                return number


def record_export(entry: Entry) -> Entry:
    """Writes an entry and gives it back with its number, date and hash in the chain.

    A file with the same sha256 as an earlier one gives the earlier entry.
    """
    with _open(write=True) as link:
        known = _known(link, entry.sha256)
        if known:
            return known
        last = link.execute("SELECT id, chain FROM exports ORDER BY id DESC LIMIT 1").fetchone()
        entry = replace(entry, id=last["id"] + 1 if last else 1, created=_now())
        entry = replace(entry, chain=_link(last["chain"] if last else "", entry))
        columns = _columns(entry)
        link.execute(
            f"INSERT INTO exports ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})",
            tuple(columns.values()),
        )
    return entry


def _columns(entry: Entry) -> dict[str, Any]:
    plain = {key: value for key, value in vars(entry).items() if key != "published"}
    return plain | {"settings": json.dumps(entry.settings, sort_keys=True)}


def _link(before: str, entry: Entry) -> str:
    """The entry's hash in the chain, over the hash before it and what is fixed at export: not over
    path and publications."""
    fixed = [
        before,
        entry.id,
        entry.sha256,
        entry.hashes.hex(),
        entry.watermark,
        entry.title,
        entry.format,
        entry.created,
        entry.version,
        entry.seed,
        entry.settings,
    ]
    return hashlib.sha256(json.dumps(fixed, sort_keys=True).encode()).hexdigest()


def entries(*, views: bool = False) -> list[Entry]:
    """Every export, oldest first. `views`: with the small pictures, some 30 kB each."""
    columns = "*" if views else _WITHOUT_VIEW
    with _open() as link:
        rows = link.execute(f"SELECT {columns} FROM exports ORDER BY id").fetchall()
        told = link.execute("SELECT * FROM publications ORDER BY day").fetchall()
    published: dict[int, list[tuple[str, str]]] = {}
    for one in told:
        published.setdefault(one["export"], []).append((one["place"], one["day"]))
    return [_entry(row, published.get(row["id"], ())) for row in rows]


def find_export(name: str) -> Entry:
    """The entry of that number, or whose sha256 or watermark begins so, with 6 digits or more."""
    for entry in entries():
        mark = "" if entry.watermark is None else f"{entry.watermark:08x}"
        begins = len(name) >= 6 and name in (entry.sha256[: len(name)], mark[: len(name)])
        if begins or name == str(entry.id):
            return entry
    raise NotUsable("ledger.absent", name=name)


def by_sha256(digest: str) -> Entry | None:
    with _open() as link:
        return _known(link, digest)


def _known(link: sqlite3.Connection, digest: str) -> Entry | None:
    row = link.execute("SELECT * FROM exports WHERE sha256 = ?", (digest,)).fetchone()
    if row is None:
        return None
    told = link.execute(
        "SELECT place, day FROM publications WHERE export = ? ORDER BY day", (row["id"],)
    )
    return _entry(row, [(one["place"], one["day"]) for one in told])


def keep_path(digest: str, path: Path) -> None:
    """Notes where a file was put; called only when the artist wants that kept."""
    with _open(write=True) as link:
        link.execute("UPDATE exports SET path = ? WHERE sha256 = ?", (str(path.resolve()), digest))


def publish(number: int, place: str, day: str) -> None:
    with _open(write=True) as link:
        link.execute("INSERT INTO publications VALUES (?, ?, ?)", (number, place, day))
        link.execute("UPDATE exports SET never = 0 WHERE id = ?", (number,))


def never_published(number: int) -> None:
    """Notes the artist's word that an export was never published: a control for later tests."""
    with _open(write=True) as link:
        if link.execute("SELECT 1 FROM publications WHERE export = ?", (number,)).fetchone():
            raise NotUsable("ledger.published", number=number)
        link.execute("UPDATE exports SET never = 1 WHERE id = ?", (number,))


def broken() -> int | None:
    """The first entry that does not follow from the one before; None when all do."""
    before = ""
    for entry in entries():
        if entry.chain != _link(before, entry):
            return entry.id
        before = entry.chain
    return None


def _entry(row: sqlite3.Row, published: Iterable[tuple[str, str]]) -> Entry:
    values = {key: row[key] for key in row.keys()}  # noqa: SIM118  (a Row iterates its values)
    values |= {"settings": json.loads(row["settings"]), "never": bool(row["never"])}
    return Entry(**values, published=tuple(published))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
