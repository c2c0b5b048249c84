"""Which of the original's metadata a copy carries: decided with the plan, before anything is
written."""

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
_SEGMENT = 65_000  # bytes that fit into one segment of a JPEG, less its header

Told = tuple[Keep, tuple[Message, ...]]


def carrying(artwork: Artwork, export: Export) -> Artwork:
    """The artwork with the metadata that this export publishes; notes say what is left out."""
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
    """The note that metadata of these kinds is left out."""
    return message("metadata.dropped", kinds=tuple(TOLD[kind] for kind in kinds))


def with_private(keep: Keep) -> Keep:
    """The metadata with its private part, where there is one."""
    told = keep.private
    return keep if told is None else replace(keep, exif=told.exif, xmp=told.xmp)


def in_one_name(keep: Keep, claim: Claim) -> Told:
    """The metadata, published under one name: where the claim names a creator whom the file does
    not, the file's names are left out. The note does not name them either: the page shows it."""
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
    """The metadata as it fits into a JPEG's segments: a block that is too long is replaced by its
    public part, and left out where that is too long as well."""
    block, packet = fitting(keep.exif, public.exif), fitting(keep.xmp, public.xmp)
    short = {"EXIF": block != keep.exif, "XMP": packet != keep.xmp}
    notes = tuple(message("metadata.too_long", what=what) for what, true in short.items() if true)
    return replace(keep, exif=block, xmp=packet), notes


def fitting(*blocks: bytes | None) -> bytes | None:
    """The first block that fits into a segment; None where none does."""
    return next((one for one in blocks if one and len(one) <= _SEGMENT), None)
