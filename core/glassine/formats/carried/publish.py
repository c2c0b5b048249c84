"""What a copy says of where it comes from: decided with the plan, before anything is written."""

from __future__ import annotations

from dataclasses import replace

from ...messages import Message, message
from ...pixels.packet import properties
from ...types import Artwork, Claim, Export, Keep
from . import exif, xmp

TOLD = {
    "date": message("metadata.date"),
    "device": message("metadata.device"),
    "history": message("metadata.history"),
    "other": message("metadata.other"),
    "owner": message("metadata.owner"),
    "place": message("metadata.place"),
    "words": message("metadata.words"),
}
_SEGMENT = 65_000  # bytes that a JPEG holds in one block, less its head

Told = tuple[Keep, tuple[Message, ...]]


def carrying(artwork: Artwork, export: Export) -> Artwork:
    """With what that export publishes of the file's own words; notes say what stays behind."""
    if export.keep_private:
        keep, notes = with_private(artwork.keep), tuple[Message, ...]()
    else:
        keep, notes = in_one_name(artwork.keep, export.claim)
        if keep.private:
            notes += (dropped(keep.private.kinds),)
    if export.format == "jpeg":
        keep, more = within_segments(keep, artwork.keep)
        notes += more
    return replace(artwork, keep=replace(keep, private=None), notes=(*artwork.notes, *notes))


def dropped(kinds: tuple[str, ...]) -> Message:
    return message("metadata.dropped", kinds=tuple(TOLD[kind] for kind in kinds))


def with_private(keep: Keep) -> Keep:
    told = keep.private
    return keep if told is None else replace(keep, exif=told.exif, xmp=told.xmp)


def in_one_name(keep: Keep, claim: Claim) -> Told:
    """Whoever exports under another name than the file's does not publish both; nor does the note,
    which the page shows."""
    said, _ = xmp.authorship(properties(keep.xmp)) if keep.xmp else ({}, [])
    creators, _, _ = xmp.titled(said)
    if not claim.creator or not creators or claim.creator in creators:
        return keep, ()
    unnamed = {name: items for name, items in said.items() if name in xmp.NAMELESS}
    said = xmp.completed(unnamed, (claim.creator,), claim.rights, claim.title)
    block = exif.authored((claim.creator,), claim.rights)
    renamed = replace(
        keep, exif=exif.built(block), xmp=xmp.packet_of(said, []), creators=(claim.creator,)
    )
    return renamed, (message("metadata.other_name", creator=claim.creator),)


def within_segments(keep: Keep, public: Keep) -> Told:
    """What is too long for a JPEG gives way to what must be said, and that to nothing."""
    block, packet = fitting(keep.exif, public.exif), fitting(keep.xmp, public.xmp)
    short = {"EXIF": block != keep.exif, "XMP": packet != keep.xmp}
    notes = tuple(message("metadata.too_long", what=what) for what, true in short.items() if true)
    return replace(keep, exif=block, xmp=packet), notes


def fitting(*blocks: bytes | None) -> bytes | None:
    return next((one for one in blocks if one and len(one) <= _SEGMENT), None)
