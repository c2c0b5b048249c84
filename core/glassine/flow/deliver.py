"""A file -> its protected copy and the page of evidence, on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .. import ledger
from ..errors import GlassineError, NotWritable
from ..evidence.page.render import html
from ..machine import files
from ..messages import Message
from ..record import with_file
from ..types import Artwork, Encoded, Intent, Progress, Protected, Report, Watch, quiet
from . import pages
from .encode import check_name, check_unread, encode_unrecorded, note_in_ledger
from .examine import examine, refuse_protected
from .names import has_copy_name, receipt_path
from .protect import verified
from .read import file_contents, read


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


@dataclass(frozen=True)
class Again:
    """What may be done a second time, because somebody asked for it.

    source  a picture that came out of Glassine may be protected once more
    copy    an earlier copy in the target's place may be replaced
    target  whatever picture lies there may be replaced
    """

    source: bool = False
    copy: bool = False
    target: bool = False


ASK, ALL = Again(), Again(source=True, copy=True, target=True)


def deliver(
    source: Path,
    target: Path,
    intent: Intent,
    *,
    device: str = "auto",
    never: Iterable[Path] = (),
    again: Again = ASK,
    watch: Watch = quiet,
) -> Delivered:
    """Writes `target` and the page beside it, each as a whole or not at all.

    The receipt is noted as soon as the file lies there, and not where it could not be written; the
    page is written all the same where only the receipt could not.

    `never` are files that must not be written over; the source is always one of them. Unless
    `again` asks for it, a picture that came out of Glassine before is refused, and so is a target
    that lies there: an earlier copy may have been published.
    """
    originals = (source, *never)
    sidecar = place_of_receipt(target, originals) if intent.export.sidecar else None
    page, room = places(source, target, sidecar, originals, again)
    told = check_unread(intent.export)
    artwork = opened(source, again.source)
    checked = (*told, *check_name(intent.export, artwork.keep.creators))
    if checked:
        watch(Progress(0, 1, "optimise", checked))
    seen = verified(artwork, intent, device=device, watch=watch)
    done = encode_unrecorded(seen.protected, seen.report, checked, seen.sight.coded)
    report = with_file(seen.report, seen.protected, done)
    written = html(seen.protected, report, seen.sight).encode()
    files.write(target, done.data, never=originals)
    made = Delivered(source, target, page, sidecar, done, seen.protected, report)
    problem = note_receipt(made, keep_path=intent.export.keep_path)
    write_page(made, written, room, originals)
    if problem:
        raise NotWritable("deliver.not_noted", path=made.file, reason=problem)
    return made


def places(
    source: Path, target: Path, sidecar: Path | None, never: tuple[Path, ...], again: Again
) -> tuple[Path, Path | None]:
    """Where the page goes, and what lies there now; raises where something cannot be written."""
    refuse_no_file(source)
    files.check_writable(target, never=never)
    page, room = pages.page_paths(target)
    pages.check_page(page, never=never)
    if not again.target:
        refuse_taken(target, renew=again.copy)
        refuse_foreign_note(sidecar)
    return page, room


def place_of_receipt(target: Path, never: Iterable[Path]) -> Path:
    """Where the receipt goes; raises where it cannot."""
    sidecar = receipt_path(target)
    files.check_writable(sidecar, never=never)
    return sidecar


def write_page(made: Delivered, page: bytes, room: Path | None, never: Iterable[Path]) -> None:
    """The page beside the copy; another picture's that lies there goes to `room` before."""
    if room:
        write_beside(made, room, made.page.read_bytes())
    write_beside(made, made.page, page, never=never)


def refuse_no_file(source: Path) -> None:
    """Raises what reading would raise for a folder, a pipe or a device, or a name of nothing."""
    if not source.is_file():
        file_contents(source)


def opened(source: Path, again: bool) -> Artwork:
    """Read once: the bytes that were asked whether they are protected are those that will be."""
    data = file_contents(source)
    if not again:
        refuse_protected(data)
    return read(data, source.name)


def refuse_taken(target: Path, *, renew: bool) -> None:
    """Raises where a picture would be lost: one that Glassine did not write as it is now, and one
    that it did, unless `renew` says that it is to be replaced."""
    if not target.exists():
        return
    if not (has_copy_name(target) or pages.settings_of(target) or was_protected(target)):
        raise NotWritable("deliver.foreign_picture", path=target)
    if not renew:
        raise NotWritable("deliver.earlier_copy", path=target)


def was_protected(picture: Path) -> bool:
    try:
        return examine(picture).protected is not None
    except GlassineError:
        return False


def refuse_foreign_note(sidecar: Path | None) -> None:
    """Raises where a file would be lost that is no receipt."""
    if sidecar and sidecar.exists() and not ledger.is_sidecar(sidecar):
        raise NotWritable("deliver.foreign_receipt", path=sidecar)


def note_receipt(made: Delivered, *, keep_path: bool) -> Message | None:
    """The receipt, and what it can only say once the file lies there; else why there is none."""
    digest = made.done.sha256
    try:
        note_in_ledger(made.done, made.protected, made.report)
        if keep_path:
            ledger.keep_path(digest, made.file)
        entry = ledger.by_sha256(digest) if made.sidecar else None
    except GlassineError as error:
        return error.message
    if made.sidecar and entry:
        write_beside(made, made.sidecar, entry.sidecar())
    return None


def write_beside(made: Delivered, path: Path, data: bytes, *, never: Iterable[Path] = ()) -> None:
    """Writes what tells of the copy; it is good without that, and one must know."""
    try:
        files.write(path, data, never=never)
    except NotWritable as error:
        raise NotWritable("deliver.only_copy", path=made.file, reason=error.message) from error
