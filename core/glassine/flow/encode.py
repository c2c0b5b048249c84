"""Protected + report -> the bytes that leave the machine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from ..errors import NotUsable, UnknownEntry
from ..formats import FORMATS
from ..marks import MARKS
from ..marks.base import STAGES, Mark
from ..messages import Message, message
from ..types import Claim, Encoded, Export, Protected, Report

ORDER = {stage: number for number, stage in enumerate(STAGES)}


def encode(protected: Protected, report: Report) -> Encoded:
    """The file as it will be posted, with its marks, for a caller who puts it on disk.

    A receipt that was asked for is noted now, as if the file lay there already.
    """
    done = encode_unrecorded(protected, report, check_export(protected.plan.export))
    note_in_ledger(done, protected, report)
    return done


def encode_unrecorded(
    protected: Protected, report: Report, checked: Sequence[Message], coded: bytes = b""
) -> Encoded:
    """The same with nothing noted yet; `note_in_ledger` does that once the file is written.

    checked  what `check_export` gave
    coded    the file before its marks, where it was written already, to be measured
    """
    export, measured = protected.plan.export, protected
    marks = [mark for mark in marks_by_stage(export) if mark.stage != "record"]
    for mark in marks:
        protected = mark.prepare(protected) if mark.prepare else protected
    data = coded if coded and protected is measured else written(protected)
    for mark in marks:
        data = mark.stamp(data, protected, report) if mark.stamp else data
    return Encoded(data, export.format, export.marks, (*export_notes(protected), *checked))


def written(protected: Protected) -> bytes:
    """The file before its marks."""
    artwork, export = protected.plan.artwork, protected.plan.export
    write = FORMATS[export.format].write
    assert write is not None, "check_export() lets only formats pass that can write"
    return write(protected.rgb, artwork.alpha, artwork.keep, export.quality)


def note_in_ledger(done: Encoded, protected: Protected, report: Report) -> None:
    """Notes the finished file wherever its marks say so."""
    for mark in marks_by_stage(protected.plan.export):
        if mark.stage == "record" and mark.stamp:
            mark.stamp(done.data, protected, report)


def marks_by_stage(export: Export) -> list[Mark]:
    return sorted((MARKS[name] for name in export.marks), key=lambda mark: ORDER[mark.stage])


def check_export(export: Export, creators: tuple[str, ...] = ()) -> tuple[Message, ...]:
    """Raises what `encode` would raise at the very end, before any work is done.

    Gives what the marks have to say about what was claimed: in whose name they sign, and whether
    the certificate ends soon.

    creators  that the file names, where it was read already
    """
    return (*check_unread(export), *check_name(export, creators))


def check_unread(export: Export) -> tuple[Message, ...]:
    """As much of it as needs no picture: none is decoded for an export that cannot be written."""
    if FORMATS[export.format].write is None:
        raise NotUsable("encode.only_read", format=export.format, formats=writable_formats())
    for name in export.marks:
        carriers = MARKS[name].formats
        if carriers and export.format not in carriers:
            raise NotUsable("encode.no_carrier", mark=name, format=export.format, formats=carriers)
    if (export.keep_path or export.sidecar) and "receipt" not in export.marks:
        raise NotUsable("encode.receipt_off", mark=message("mark.receipt.label"))
    return said_by_marks(export, export.claim, in_files_name=False)


def check_name(export: Export, creators: tuple[str, ...]) -> tuple[Message, ...]:
    """The rest: marks that sign in the name that the file gives, where nobody is claimed."""
    claim = export.claim
    if creators and not claim.creator:
        claim = replace(claim, creator="; ".join(creators))
    return said_by_marks(export, claim, in_files_name=True)


def said_by_marks(export: Export, claim: Claim, *, in_files_name: bool) -> tuple[Message, ...]:
    """What marks of one of the two sorts say. Who signs makes a key for a name that has none: that
    is not asked before the name is known."""
    named = bool(export.claim.creator or export.claim.certificate)
    marks = [MARKS[name] for name in export.marks]
    asked = [one for one in marks if (one.stage == "signature" and not named) is in_files_name]
    return tuple(said for mark in asked if mark.check for said in mark.check(claim))


def export_notes(protected: Protected) -> tuple[Message, ...]:
    """What the format could not hold."""
    artwork, name = protected.plan.artwork, protected.plan.export.format
    said = []
    if artwork.keep.depth not in FORMATS[name].depths:
        said.append(message("encode.bits", bits=artwork.keep.depth, format=name))
    if artwork.alpha is not None and name == "jpeg":
        said.append(message("encode.no_transparency"))
    if artwork.keep.exif and name == "tiff" and protected.plan.export.keep_private:
        said.append(message("encode.no_exif"))
    return tuple(said)


def writable_formats() -> tuple[str, ...]:
    return tuple(name for name in FORMATS if FORMATS[name].write is not None)


def format_of(suffix: str) -> str:
    """ "A file name's end -> the format's name; raises UnknownEntry with what is near."""
    for name in writable_formats():
        if suffix.lower() in FORMATS[name].suffixes:
            return name
    raise UnknownEntry("format", suffix.lstrip("."), writable_formats())


def suffix_of(export: Export) -> str:
    return FORMATS[export.format].suffixes[0]
