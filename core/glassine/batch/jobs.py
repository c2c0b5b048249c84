"""What a batch has finished: one SQLite file in the folder of the results.

A job is a picture's contents, the settings and the engine's version. Rows are written after the
result lies on the disk, so a batch that is killed loses the picture it was at and nothing else.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path

from ..causes import cause_of, details_of
from ..errors import NotUsable, NotWritable
from ..messages import Message, to_plain
from ..version import engine_version

NAME = ".glassine-batch.sqlite"
_BEGUN = "begun"  # stands in the column `problem` until the picture is done
_SEED_DIGITS = 7  # of a picture's sha256, in hexadecimal
_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    sha256 TEXT, settings TEXT, version TEXT, name TEXT, file TEXT, problem TEXT,
    PRIMARY KEY (sha256, settings, version, name));
CREATE TABLE IF NOT EXISTS choices (kind TEXT PRIMARY KEY, value TEXT);
"""


@dataclass(frozen=True)
class Job:
    """`name`: the picture's path inside its folder, so that equal files get a copy each."""

    sha256: str
    settings: str
    name: str


class Jobs:
    """The open ledger; one batch at a time holds its lock, which ends with the process."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME

    def __enter__(self) -> Jobs:
        try:
            self._base = sqlite3.connect(self._path, timeout=1, isolation_level=None)
            self._base.execute("PRAGMA locking_mode = EXCLUSIVE")
            self._base.execute("BEGIN EXCLUSIVE")
            self._base.execute("COMMIT")  # exclusive mode keeps the lock until it is closed
            self._base.executescript(_TABLES)
        except sqlite3.OperationalError as error:
            raise self._explained(error) from error
        except sqlite3.DatabaseError as error:
            raise NotUsable("jobs.damaged", path=self._path, details=details_of(error)) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._base.close()

    def finished(self, job: Job) -> bool:
        """Whether it was done with these settings by this version."""
        row = self._base.execute(
            "SELECT problem FROM jobs WHERE sha256=? AND settings=? AND version=? AND name=?",
            (job.sha256, job.settings, engine_version(), stored(job.name)),
        ).fetchone()
        return row is not None and not row[0]

    def unsent(self, job: Job, file: Path) -> bool:
        """Whether what lies at `file` is that job's copy, complete, which could not be sent."""
        last = self._base.execute(
            "SELECT sha256, settings, version, problem FROM jobs WHERE name=? AND file=? "
            "ORDER BY rowid DESC",
            (stored(job.name), stored(str(file))),
        ).fetchone()
        own = (job.sha256, job.settings, engine_version())
        return last is not None and last[:3] == own and was_unsent(last[3])

    def begin(self, job: Job, file: Path) -> None:
        """Notes before the work that `file`, unless it exists, is this batch's to replace later."""
        if not file.exists():
            self._note(job, str(file), _BEGUN)

    def wrote(self, job: Job, file: Path) -> bool:
        """Whether this batch made `file` from that picture, with any settings.

        A copy that was not sent counts: it may have arrived although no answer came.
        """
        found = self._base.execute(
            "SELECT problem FROM jobs WHERE name=? AND file=?",
            (stored(job.name), stored(str(file))),
        )
        return any(one in ("", _BEGUN) or was_unsent(one) for (one,) in found)

    def write(self, job: Job, file: str, problem: Message | None) -> None:
        """Notes how a picture ended; without a problem it is finished."""
        self._note(job, file, json.dumps(to_plain(problem)) if problem else "")

    def _note(self, job: Job, file: str, problem: str) -> None:
        texts = (job.name, file, problem)
        try:
            self._base.execute(
                "INSERT OR REPLACE INTO jobs VALUES (?, ?, ?, ?, ?, ?)",
                (job.sha256, job.settings, engine_version(), *map(stored, texts)),
            )
        except sqlite3.OperationalError as error:  # the disk is full
            raise self._explained(error) from error

    def remembered(self, kind: str, make: Callable[[], str]) -> str:
        """A choice that is made once and kept for this folder; "" is not kept."""
        row = self._base.execute("SELECT value FROM choices WHERE kind=?", (kind,)).fetchone()
        if row and row[0]:
            return str(row[0])
        if value := make():
            self._base.execute("INSERT OR REPLACE INTO choices VALUES (?, ?)", (kind, value))
        return value

    def _explained(self, error: sqlite3.OperationalError) -> NotUsable:
        if getattr(error, "sqlite_errorname", "").startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return NotUsable("jobs.held", folder=self._path.parent)
        return NotWritable("jobs.not_written", path=self._path, reason=cause_of(error))


def was_unsent(problem: str) -> bool:
    """Whether a row's column `problem` says that the copy was made and could not be sent."""
    return problem.startswith("{") and json.loads(problem)["code"] == "far.not_sent"


def request_digest(value: object) -> str:
    """SHA-256 of a request, tensors included: the same for equal requests on any machine."""
    digest = hashlib.sha256()

    def add(part: object) -> None:
        if is_dataclass(part) and not isinstance(part, type):
            for field in fields(part):
                digest.update(field.name.encode())
                add(getattr(part, field.name))
        elif hasattr(part, "numpy"):
            digest.update(repr(part.shape).encode() + part.numpy().tobytes())  # type: ignore[attr-defined]
        else:
            digest.update(repr(part).encode())

    add(value)
    return digest.hexdigest()


def picture_seed(sha256: str) -> int:
    """A seed that depends on the picture alone: protecting it again gives the same pixels."""
    return int(sha256[:_SEED_DIGITS], 16)


def stored(text: str) -> str | bytes:
    """The text as SQLite takes it: a file's name may hold bytes that are no valid text."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return os.fsencode(text)
    return text
