"""The receipt: one entry in the artist's own ledger, with everything needed to recognise the file.

Nothing is added to the file. The entry holds hashes, the watermark's id and the settings; it holds
no clean picture, and its settings hold no path.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

from .. import ledger
from ..ledger import fingerprint
from ..messages import Message, message
from ..pixels.flatten import on_white
from ..pixels.grid import to_array
from ..record import IN_RECEIPT, RunRecord, read_record, record_in, told
from ..types import Artwork, Claim, Protected, Report
from .base import Found, Mark


def entry(data: bytes, record: RunRecord) -> ledger.Entry:
    """The ledger's entry for these bytes. Its settings hold no path and no passphrase."""
    pixels = fingerprint.open_small(data)
    return ledger.Entry(
        sha256=hashlib.sha256(data).hexdigest(),
        hashes=fingerprint.hashes(pixels),
        title=record.title,
        format=record.format,
        version=record.engine,
        settings=told(record, IN_RECEIPT),
        view=fingerprint.small_jpeg(pixels),
        watermark=record.watermark,
        seed=record.seed,
    )


def record_of_entry(known: ledger.Entry) -> RunRecord:
    """The record of the run as far as its entry holds it, however old the entry is."""
    settings = dict(known.settings)
    if "version" not in settings:  # in such old entries "goals" holds the goals' names
        settings["goal_names"] = settings.pop("goals", None)
    return replace(
        read_record(settings),
        engine=known.version,
        title=known.title,
        watermark=known.watermark,
        seed=known.seed,
        sha256_file=known.sha256,
    )


def check(_: Claim) -> tuple[Message, ...]:
    """Raises where the ledger cannot be written: a read-only home, a full disk."""
    ledger.check_writable()
    return ()


def stamp(data: bytes, protected: Protected, report: Report) -> bytes:
    """Writes the entry; gives the bytes back unchanged."""
    made = entry(data, record_in(report, protected))
    apart = {"clean_apart": round(clean_apart(protected.plan.artwork, made.view), 2)}
    ledger.record_export(replace(made, settings=made.settings | apart))
    return data


def clean_apart(artwork: Artwork, view: bytes) -> float:
    """How far the clean picture is from the copy's view, by which later files are told apart: saved
    again from the original, or from the copy."""
    return fingerprint.apart(
        fingerprint.reduced(to_array(on_white(artwork.rgb, artwork.alpha), 8)), view
    )


def read(data: bytes, anchors: str = "") -> Found | None:
    """What the ledger says of exactly this file; None where it does not know it."""
    known = ledger.by_sha256(hashlib.sha256(data).hexdigest())
    if known is None:
        return None
    export, day, where = known.id, known.created[:10], published(known)
    if known.title:
        says = message("receipt.titled", export=export, title=known.title, day=day, published=where)
    else:
        says = message("receipt.untitled", export=export, day=day, published=where)
    return Found("receipt", says, known.receipt())


def published(known: ledger.Entry) -> tuple[Message, ...]:
    """What the ledger says about publishing it."""
    if known.published:
        return tuple(
            message("receipt.published", day=day, where=where) for where, day in known.published
        )
    return (message("receipt.never") if known.never else message("receipt.not_noted"),)


ENTRY = Mark(
    says="A receipt in your own ledger: hashes, watermark id, settings, date",
    label="Entry in my ledger",
    stage="record",
    check=check,
    stamp=stamp,
    read=read,
    note="Stays on this machine. Only a digest of the ledger, kept elsewhere, proves its date.",
)
