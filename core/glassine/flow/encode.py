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

    A receipt that was asked for is recorded now, before the file is written.
    """
    done = encode_unrecorded(protected, report, check_export(protected.plan.export))
    note_in_ledger(done, protected, report)
    return done


def encode_unrecorded(
    protected: Protected, report: Report, checked: Sequence[Message], coded: bytes = b""
) -> Encoded:
    """As `encode`, but no receipt is recorded; `note_in_ledger` does that once the file is written.

    checked  what `check_export` gave
    coded    the encoded picture before its marks, where it was encoded already to be measured
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
    """The encoded picture, before its marks."""
    artwork, export = protected.plan.artwork, protected.plan.export
    write = FORMATS[export.format].write
    assert write is not None, "check_export() lets only formats pass that can write"
    return write(protected.rgb, artwork.alpha, artwork.keep, export.quality)


def note_in_ledger(done: Encoded, protected: Protected, report: Report) -> None:
    """Records the finished file as its marks of the stage "record" do (the receipt)."""
    for mark in marks_by_stage(protected.plan.export):
        if mark.stage == "record" and mark.stamp:
            mark.stamp(done.data, protected, report)


def marks_by_stage(export: Export) -> list[Mark]:
    return sorted((MARKS[name] for name in export.marks), key=lambda mark: ORDER[mark.stage])


def check_export(export: Export, creators: tuple[str, ...] = ()) -> tuple[Message, ...]:
    """Raises what `encode` would raise at the very end, before any work is done.

    Gives what the marks have to say about the claim: in whose name they sign, and whether the
    certificate expires soon.

    creators  that the artwork's metadata names, where it was read already
    """
    return (*check_unread(export), *check_name(export, creators))


def check_unread(export: Export) -> tuple[Message, ...]:
    """The checks that need no picture, so that none is decoded for an export that must fail."""
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
    """The checks that need the artwork's metadata: where the claim names no creator, marks sign in
    the names that the metadata gives."""
    claim = export.claim
    if creators and not claim.creator:
        claim = replace(claim, creator="; ".join(creators))
    return said_by_marks(export, claim, in_files_name=True)


def said_by_marks(export: Export, claim: Claim, *, in_files_name: bool) -> tuple[Message, ...]:
    """What the marks' checks say.

    A signature's check makes a key for the creator. Where the claim names neither a creator nor a
    certificate, that check waits for the names in the artwork's metadata.

    in_files_name  only checks that wait so; else only the others
    """
    named = bool(export.claim.creator or export.claim.certificate)
    marks = [MARKS[name] for name in export.marks]
    asked = [one for one in marks if (one.stage == "signature" and not named) is in_files_name]
    return tuple(said for mark in asked if mark.check for said in mark.check(claim))


def export_notes(protected: Protected) -> tuple[Message, ...]:
    """Notes about what the format could not hold."""
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
    """A file name's suffix (".png") -> the format's name; raises UnknownEntry with a suggestion."""
    for name in writable_formats():
        if suffix.lower() in FORMATS[name].suffixes:
            return name
    raise UnknownEntry("format", suffix.lstrip("."), writable_formats())


def suffix_of(export: Export) -> str:
    return FORMATS[export.format].suffixes[0]
