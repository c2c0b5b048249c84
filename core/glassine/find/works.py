"""What is looked for: the exports in the ledger, and pictures from a folder of the artist's."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .. import ledger
from ..errors import NotUsable
from ..ledger import fingerprint
from ..ledger.store import CANARY
from ..messages import Message
from ..types import Progress, Watch, quiet
from .opened import not_read, pictures_below, small


@dataclass(frozen=True)
class Work:
    """One picture to look for, with hashes and small view from fingerprint.py. `export`: its number
    in the ledger; 0 for none."""

    name: str
    hashes: bytes
    view: bytes
    export: int = 0
    watermark: int | None = None


def from_ledger() -> list[Work]:
    """Every export in the ledger, with the small picture kept there; a canary's motif is none."""
    return [
        Work(entry.title or f"#{entry.id}", entry.hashes, entry.view, entry.id, entry.watermark)
        for entry in ledger.entries(views=True)
        if entry.format != CANARY
    ]


def from_folder(folder: Path, watch: Watch = quiet) -> tuple[list[Work], tuple[Message, ...]]:
    """Every picture below a folder, for works without a receipt; and files that were left out."""
    files, passed = pictures_below(folder)
    found, problems = [], [*passed]
    for done, path in enumerate(files):
        watch(Progress(done, len(files), "look"))
        try:
            pixels = small(path)
            found.append(
                Work(path.name, fingerprint.hashes(pixels), fingerprint.small_jpeg(pixels))
            )
        except NotUsable as error:
            problems.append(error.message)
        except OSError as error:
            problems.append(not_read(path, error))
    return found, tuple(problems)
