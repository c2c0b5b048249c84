"""The artist's works, and controls that a model cannot have learnt: what is known of each file."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from torch import Tensor

from .. import ledger
from ..errors import NotUsable, Unreadable
from ..find.hits import ALIKE
from ..find.opened import not_read, pictures_below, small
from ..ledger import fingerprint
from ..ledger.store import CANARY
from ..messages import Message
from ..pixels.grid import to_tensor
from ..pixels.resize import lanczos

FEWEST = 2  # pictures in a folder
_LARGER = 4  # size at which a picture is opened before it is cropped, in sides of the model
_LONGEST = 2000  # characters of a caption


@dataclass(frozen=True)
class Work:
    """A picture file.

    caption   the words in NAME.txt beside it, else the words for all pictures
    own       whether the caption is from NAME.txt
    export, recorded, chain  number, date and digest of its entry in the ledger, or of the entry of
              a copy of it
    """

    path: Path
    sha256: str
    caption: str
    own: bool
    export: int = 0
    recorded: str = ""
    chain: str = ""


def works_in(folder: Path, words: str) -> tuple[list[Work], tuple[Message, ...]]:
    """Every picture of a folder, and messages about files that were left out.

    Raises NotUsable where fewer than FEWEST are left.
    """
    files, passed = pictures_below(folder)
    entries = [one for one in ledger.entries() if one.format != CANARY]
    found: dict[str, Work] = {}
    problems = [*passed]
    for path in files:
        try:
            one = work_of(path, words, entries)
            found.setdefault(one.sha256, one)
        except Unreadable as error:
            problems.append(error.message)
        except OSError as error:
            problems.append(not_read(path, error))
    if len(found) < FEWEST:
        raise NotUsable("probe.few", folder=folder, found=len(found), fewest=FEWEST)
    return list(found.values()), tuple(problems)


def work_of(path: Path, words: str, entries: Sequence[ledger.Entry]) -> Work:
    """What is known of that file; `words` is the caption where it has none."""
    sha256 = hashlib.sha256(path.read_bytes()).hexdigest()
    beside = path.with_suffix(".txt")
    told = beside.read_text("utf-8", "replace").strip() if beside.is_file() else ""
    known = export_of(sha256, fingerprint.hashes(small(path)), entries)
    own = Work(path, sha256, told[:_LONGEST] or words, bool(told))
    if known is None:
        return own
    return replace(own, export=known.id, recorded=known.created, chain=known.chain)


def export_of(sha256: str, hashes: bytes, entries: Sequence[ledger.Entry]) -> ledger.Entry | None:
    """The entry of this very file, else of the export that looks most like it; None without one."""
    if same := next((one for one in entries if one.sha256 == sha256), None):
        return same
    if not entries or not any(hashes[: fingerprint.HASH]):
        return None
    table = np.stack([np.frombuffer(one.hashes[: fingerprint.HASH], np.uint8) for one in entries])
    bits = fingerprint.bits_apart(hashes[: fingerprint.HASH], table)
    return entries[int(bits.argmin())] if bits.min() <= ALIKE else None


def check_apart(works: Sequence[Work], controls: Sequence[Work]) -> None:
    """Raises NotUsable where a picture is in both sets: a control must not have been learnt."""
    both = {one.sha256 for one in works} & {one.sha256 for one in controls}
    if both:
        named = next(one.path for one in works if one.sha256 in both)
        raise NotUsable("probe.in_both", path=named, count=len(both))


def square(path: Path, side: int) -> Tensor:
    """(3, side, side) in [0, 1]: the picture's middle square, as trainers crop it."""
    picture = to_tensor(small(path, _LARGER * side))
    high, wide = picture.shape[1:]
    edge = min(high, wide)
    top, left = (high - edge) // 2, (wide - edge) // 2
    return lanczos(picture[:, top : top + edge, left : left + edge].contiguous(), side, side)
