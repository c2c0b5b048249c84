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
    """What may be repeated or replaced, because somebody asked for it.

    source  a picture that Glassine made may be protected once more
    copy    the target may replace an earlier copy
    target  the target may replace any picture
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

    The receipt is recorded once the file is written, never without it. Where recording fails, the
    page is still written, and NotWritable is raised at the end.

    Unless `again` allows it, a source that Glassine made is refused, and so is a target that
    already exists: an earlier copy may have been published.

    never  files that must not be overwritten; the source always is one of them
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
    """Where the page goes, and where a page of another picture that is in its place has to go.

    Raises where one of the files cannot be written.
    """
    refuse_no_file(source)
    files.check_writable(target, never=never)
    page, room = pages.page_paths(target)
    pages.check_page(page, never=never)
    if not again.target:
        refuse_taken(target, renew=again.copy)
        refuse_foreign_note(sidecar)
    return page, room


def place_of_receipt(target: Path, never: Iterable[Path]) -> Path:
    """Where the receipt goes; raises where it cannot be written there."""
    sidecar = receipt_path(target)
    files.check_writable(sidecar, never=never)
    return sidecar


def write_page(made: Delivered, page: bytes, room: Path | None, never: Iterable[Path]) -> None:
    """Writes the page beside the copy; a page of another picture in its place goes to `room`."""
    if room:
        write_beside(made, room, made.page.read_bytes())
    write_beside(made, made.page, page, never=never)


def refuse_no_file(source: Path) -> None:
    """Raises what reading would raise where the source is a folder, a device or does not exist."""
    if not source.is_file():
        file_contents(source)


def opened(source: Path, again: bool) -> Artwork:
    """The artwork; raises where it is protected already, unless `again`.

    The file is read once, so that the bytes that are checked are those that are protected.
    """
    data = file_contents(source)
    if not again:
        refuse_protected(data)
    return read(data, source.name)


def refuse_taken(target: Path, *, renew: bool) -> None:
    """Raises where the target is a picture that Glassine did not make, or an earlier copy.

    renew  an earlier copy may be replaced
    """
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
    """Raises where the receipt would replace a file that is no receipt."""
    if sidecar and sidecar.exists() and not ledger.is_sidecar(sidecar):
        raise NotWritable("deliver.foreign_receipt", path=sidecar)


def note_receipt(made: Delivered, *, keep_path: bool) -> Message | None:
    """Records the receipt in the ledger, and writes the one beside the copy where it is asked for.

    Gives the reason where recording fails, else None.
    keep_path  the receipt records the copy's path too
    """
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
    """Writes the page or the receipt; an error says that the copy itself is complete."""
    try:
        files.write(path, data, never=never)
    except NotWritable as error:
        raise NotWritable("deliver.only_copy", path=made.file, reason=error.message) from error
