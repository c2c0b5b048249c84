"""A file -> its protected copy and the page of evidence, on disk."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from . import files, ledger, pages
from .encode import check, encoded, record
from .errors import GlassineError, NotUsable, NotWritable
from .examine import examine, refuse_twice
from .protect import verified
from .types import Encoded, Intent, Protected, Report, Watch, quiet
from .verify import html

_OURS = ".glassine."
"""In the names that Glassine gives."""


@dataclass(frozen=True)
class Delivered:
    """What was written where, and all that is known about it."""

    source: Path
    file: Path
    page: Path
    sidecar: Path | None
    done: Encoded
    protected: Protected
    report: Report


def deliver(
    source: Path,
    target: Path,
    intent: Intent,
    *,
    device: str = "auto",
    never: Iterable[Path] = (),
    again: bool = False,
    watch: Watch = quiet,
) -> Delivered:
    """Writes `target` and the page beside it, each as a whole or not at all.

    The receipt is noted as soon as the file lies there, and not where it could not be written.

    `never` are files that must not be written over; the source is always one of them. Unless
    `again` asks for it, a picture that came out of Glassine before is refused, and so is a target
    that lies there and did not.
    """
    check(intent.export)
    originals = (source, *never)
    files.check(target, never=originals)
    page, room = pages.place(target)
    pages.check(page, never=originals)
    sidecar = target.with_name(f"{target.name}.receipt.json") if intent.export.sidecar else None
    if sidecar:
        files.check(sidecar, never=originals)
    if not again:
        refuse_foreign(target)
        refuse_foreign_note(sidecar)
        refuse_twice(source)
    protected, report = verified(source, intent, device=device, watch=watch)
    done = encoded(protected, report)
    written = html(protected, report, done).encode()
    files.write(target, done.data, never=originals)
    made = Delivered(source, target, page, sidecar, done, protected, report)
    noted(made, keep_path=intent.export.keep_path)
    if room:
        beside(made, room, page.read_bytes())
    beside(made, page, written, never=originals)
    return made


def refuse_foreign(target: Path) -> None:
    """Raises where a picture would be lost that Glassine did not write as it is now."""
    if not target.exists() or _OURS in target.name or pages.settings(target):
        return
    try:
        known = examine(target).protected
    except GlassineError:
        known = ""
    if not known:
        raise NotWritable(
            f"'{target}' was to become the protected copy, and it is there already and is no copy "
            f"that Glassine made. Choose another name with -o, or ask for it explicitly (--again)."
        )


def refuse_foreign_note(sidecar: Path | None) -> None:
    """Raises where a file would be lost that is no receipt."""
    if sidecar and sidecar.exists() and not ledger.is_sidecar(sidecar):
        raise NotWritable(
            f"'{sidecar}' was to become the receipt, and it is there already and is none. Move it, "
            f"choose another name with -o, or ask for it explicitly (--again)."
        )


def noted(made: Delivered, *, keep_path: bool) -> None:
    """The receipt, and what it can only say once the file lies there."""
    digest = hashlib.sha256(made.done.data).hexdigest()
    try:
        record(made.done, made.protected, made.report)
        if keep_path:
            ledger.keep_path(digest, made.file)
        entry = ledger.by_sha256(digest) if made.sidecar else None
    except GlassineError as error:
        raise NotUsable(f"'{made.file}' is written, but could not be noted: {error}") from error
    if made.sidecar and entry:
        beside(made, made.sidecar, entry.sidecar())


def beside(made: Delivered, path: Path, data: bytes, *, never: Iterable[Path] = ()) -> None:
    """Writes what tells of the copy; it is good without that, and one must know."""
    try:
        files.write(path, data, never=never)
    except NotWritable as error:
        raise NotWritable(
            f"The protected copy is written, whole, as '{made.file}'. But {error}"
        ) from error
