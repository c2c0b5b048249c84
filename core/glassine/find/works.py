"""What is looked for: the exports in the ledger, and pictures from a folder of the artist's."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from .. import ledger
from ..errors import NotUsable, Unreadable, reason_of
from ..ledger import fingerprint
from ..messages import Message, message
from ..types import Progress, Watch, quiet

PICTURES = (
    ".png",
    ".jpg",
    ".jpeg",
    ".jfif",
    ".webp",
    ".tif",
    ".tiff",
    ".avif",
    ".gif",
    ".kra",
    ".ora",
)


@dataclass(frozen=True)
class Work:
    """One picture to look for, as fingerprint.py sees it. `export` is its number, or 0."""

    name: str
    hashes: bytes
    view: bytes
    export: int = 0
    watermark: int | None = None


def from_ledger() -> list[Work]:
    """Every export the ledger knows, with the small picture it kept."""
    return [
        Work(entry.title or f"#{entry.id}", entry.hashes, entry.view, entry.id, entry.watermark)
        for entry in ledger.entries(views=True)
    ]


def from_folder(folder: Path, watch: Watch = quiet) -> tuple[list[Work], tuple[Message, ...]]:
    """Every picture in a folder, for works without a receipt; and what had to be left out."""
    files = [path for path in walk(folder) if path.suffix.lower() in PICTURES]
    found, problems = [], []
    for done, path in enumerate(files):
        watch(Progress(done, len(files), "look"))
        try:
            pixels = fingerprint.open_small(path)
            found.append(
                Work(path.name, fingerprint.hashes(pixels), fingerprint.small_jpeg(pixels))
            )
        except Unreadable as error:
            problems.append(error.message)
        except OSError as error:
            problems.append(not_read(path, error))
    return found, tuple(problems)


def not_read(path: Path, error: Exception) -> Message:
    """What the system, or the machine, has to say of a file."""
    return message("read.failed", path=path, reason=reason_of(error))


def walk(folder: Path) -> list[Path]:
    """All plain files below a folder, in a fixed order; links are not followed."""
    if not folder.is_dir():
        raise NotUsable("find.no_folder", folder=folder)
    found = []
    for base, _, names in os.walk(folder):
        found += [Path(base, name) for name in names]
    return sorted(path for path in found if path.is_file() and not path.is_symlink())
