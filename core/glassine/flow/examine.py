"""A file -> what it carries, and whether it was protected here before."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from .. import ledger
from ..errors import EntryMissing, NotUsable, Unreadable
from ..ledger import fingerprint
from ..marks import MARKS, Found, watermark
from ..messages import Message, message
from ..pixels.flatten import on_white
from ..pixels.grid import to_array
from ..types import Artwork
from .read import file_contents

ALIKE = 31
"""Bits of 256 below which two hashes are of one picture (find/hits.py)."""

_TURNS = (
    ("quarter", 1, False),
    ("half", 2, False),
    ("quarter", 3, False),
    ("mirror", 0, True),
    ("both", 1, True),
    ("mirror", 2, True),
    ("both", 3, True),
)
_NEARER, _SAME = 0.9, 0.1
"""How near to an export a file must be to count as that export, saved again: within _NEARER times
the original's distance from it, or within _SAME levels where that distance is unknown. Over 34
pairs, each saved in eleven ways, the original came no nearer than .96 of its distance
(lab/bench/again.py, docs/folders.md)."""

_SURE = 1e-5  # largest chance of a watermark by accident, corrected, at which work is refused


@dataclass(frozen=True)
class Examination:
    """What was found. `unread` says which marks could not be looked for, and why.

    protected  evidence that Glassine made this very picture; None: there is none
    alike      exports in the ledger that look like it, nearest first; the file may be a copy of
               one, or its original
    """

    found: tuple[Found, ...]
    protected: Message | None
    alike: tuple[tuple[int, int], ...] = ()  # (export, bits of 256)
    unread: tuple[Message, ...] = ()


def examine(source: Path | bytes, anchors: str = "") -> Examination:
    """Reads every mark of a file and looks it up in the ledger; nothing leaves the machine.

    anchors  PEM certificates of authorities that the reader trusts
    """
    data = source if isinstance(source, bytes) else file_contents(source)
    found, unread = [], list[Message]()
    for name in MARKS:
        try:
            read = MARKS[name].read
            told = read(data, anchors) if read else None
        except (EntryMissing, Unreadable) as error:
            if error.message not in unread:
                unread.append(error.message)
            continue
        if told:
            found.append(told)
    try:
        small = fingerprint.open_small(data)
        alike = _alike(small)
    except Unreadable:
        return Examination(tuple(found), _protected(found), (), tuple(unread))
    protected = _protected(found) or _saved_again(small, alike)
    return Examination(tuple(found), protected, alike, tuple(unread))


def examine_pixels(artwork: Artwork) -> Examination:
    """The same for a picture without a file, as Krita sends it: only its watermark is read."""
    told = watermark.read_pixels(artwork)
    return Examination((told,), _protected([told])) if told else Examination((), None)


def bits_between(one: Artwork, other: Artwork) -> int:
    """Bits of 256 in which their hashes differ. A picture of one colour has no hash: 0 where both
    are so, 256 where one is."""
    first, second = (
        fingerprint.hashes(small_of(each))[: fingerprint.HASH] for each in (one, other)
    )
    if not any(first) or not any(second):
        return 0 if any(first) == any(second) else 8 * fingerprint.HASH
    return int(fingerprint.bits_apart(first, np.frombuffer(second, np.uint8)[None])[0])


def small_of(artwork: Artwork) -> fingerprint.Bytes:
    """(h, w, 3) uint8: the picture on white, reduced as for a fingerprint."""
    return fingerprint.reduced(to_array(on_white(artwork.rgb, artwork.alpha), 8))


def turned(artwork: Artwork) -> Iterator[tuple[str, Artwork]]:
    """The picture in its seven other orientations, turned and mirrored, each with its name."""
    alpha = artwork.alpha
    for name, quarters, flip in _TURNS:
        rgb, clear = (
            None if part is None else part.rot90(quarters, (1, 2)) for part in (artwork.rgb, alpha)
        )
        assert rgb is not None
        if flip:
            rgb, clear = rgb.flip(2), None if clear is None else clear.flip(2)
        yield name, replace(artwork, rgb=rgb, alpha=clear)


def refuse_protected(source: Path | bytes | Artwork) -> None:
    """Raises where Glassine made this very picture, and says by what evidence.

    A second cloak over the first makes the change more visible and undoes part of the first. The
    clean original looks the same and is not refused: it carries no mark.
    """
    seen = examine_pixels(source) if isinstance(source, Artwork) else examine(source)
    if seen.protected:
        raise NotUsable("examine.protected_before", evidence=seen.protected)


def _protected(found: list[Found]) -> Message | None:
    """The strongest evidence: the file's receipt, its watermark, or a signature by Glassine."""
    for name in ("receipt", "watermark"):
        for told in found:
            if told.mark == name and told.facts.get("chance", 0) <= _SURE:
                return told.says
    for told in found:
        if told.mark == "c2pa" and told.facts.get("generator") == "Glassine":
            return told.says
    return None


def _saved_again(small: fingerprint.Bytes, alike: tuple[tuple[int, int], ...]) -> Message | None:
    """Evidence that the file is an export that lost its marks: it is nearer to the export than the
    original is.

    Saving again moves a file away from both, so a copy of the original does not pass for an export.
    """
    near = {export for export, _ in alike}
    for entry in ledger.entries(views=True) if near else ():
        if entry.id not in near:
            continue
        clean = entry.settings.get("clean_apart")
        if isinstance(clean, float) and clean <= _SAME:
            continue  # the original looks the same as the export: they cannot be told apart
        limit = _NEARER * clean if isinstance(clean, float) else _SAME
        if fingerprint.apart(small, entry.view) <= limit:
            return message("examine.saved_again", export=entry.id, day=entry.created[:10])
    return None


def _alike(small: fingerprint.Bytes) -> tuple[tuple[int, int], ...]:
    """(export, bits apart) of the ledger's exports whose hash is near, mirrored or not."""
    entries = ledger.entries()
    own = fingerprint.hashes(small)
    if not entries or not any(own):
        return ()
    table = np.stack([np.frombuffer(one.hashes[: fingerprint.HASH], np.uint8) for one in entries])
    far = np.minimum(
        fingerprint.bits_apart(own[: fingerprint.HASH], table),
        fingerprint.bits_apart(own[fingerprint.HASH :], table),
    )
    near = [(entries[at].id, int(far[at])) for at in np.argsort(far) if far[at] <= ALIKE]
    return tuple(near)
