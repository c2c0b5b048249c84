"""An invisible number in the picture's pixels, which stays when metadata is stripped.

The number is the export's id in the artist's ledger. It is not secret, and whoever tries can remove
it: it is evidence, not protection. A match is always reported with the chance that an unmarked
picture would agree as well, corrected for the number of ids that were compared.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
import pyvips
import torch
from numpy.typing import NDArray
from torch import Generator, Tensor
from torch.nn.functional import interpolate

from .. import ledger
from ..errors import NotUsable
from ..ledger import fingerprint
from ..messages import Message, message
from ..pixels.flatten import on_white
from ..pixels.grid import to_array, to_tensor
from ..types import Artwork, Claim, Protected
from . import rivagan
from .base import Found, Mark

CLEAR = 1e-3
"""Largest corrected chance at which a match is reported: one unmarked picture in a thousand."""

_ENOUGH = 1e-8  # uncorrected chance at which a fresh mark stops growing ...
_READABLE = 1e-5  # ... and above which the artist is told; another crop makes it up to 100 times
_FIRST, _STEPS = 3, 11  # fitting steps before the first try to read the mark; most steps
_HOPELESS = 0.03  # chance above which, after half of the steps, more would not help
_GRAIN = 400  # integer steps into which the largest of the 32 weights is divided

Soft = NDArray[np.float32]


@dataclass(frozen=True)
class Match:
    """The issued id that agrees best, and how strong that evidence is.

    agree     bits of 32 that are equal
    chance    that an unmarked picture agrees this well with any of the ids that were compared
    mirrored  whether it was read from the mirror image
    """

    watermark: int
    agree: int
    chance: float
    mirrored: bool = False

    @property
    def says(self) -> Message:
        if self.mirrored:
            return message("watermark.agrees_mirrored", agree=self.agree, odds=odds(self.chance))
        return message("watermark.agrees", agree=self.agree, odds=odds(self.chance))


def decide(claim: Claim) -> Claim:
    """The claim with an id, a fresh one where the artist named none. It is drawn before the search
    for the strength: in the same picture some ids cost five points of SSIMULACRA2 more than others.
    """
    return claim if claim.watermark is not None else replace(claim, watermark=ledger.issue())


def embed(protected: Protected) -> Protected:
    """Adds the mark where the picture may change; leaves it out, with a note, where it could not be
    read afterwards."""
    plan = protected.plan
    alpha, claim = plan.artwork.alpha, decide(plan.export.claim)
    number = claim.watermark
    assert number is not None
    free = plan.allowance.cpu() > 0
    free = free if alpha is None else free & (alpha > 0)
    marked, chance = laid(protected.rgb.cpu(), alpha, free, number, plan.seed)
    if chance > CLEAR:  # unreadable: it would be visible for nothing
        marks = tuple(name for name in plan.export.marks if name != "watermark")
        export, marked = replace(plan.export, marks=marks), protected.rgb
    else:
        export = replace(plan.export, claim=claim)
    notes = protected.notes if chance <= _READABLE else (*protected.notes, faint(chance))
    plan = replace(plan, export=export)
    return replace(protected, plan=plan, rgb=marked.to(protected.rgb.device), notes=notes)


def laid(
    picture: Tensor, alpha: Tensor | None, free: Tensor, number: int, seed: int
) -> tuple[Tensor, float]:
    """The picture with the mark, and the chance that an unmarked picture agrees as well as the mark
    does after a platform's handling.

    The mark grows only until it can be read after cropping, halving and JPEG.

    free  (1, H, W) bool: where the picture may change
    """
    sign = torch.from_numpy(bits(number)) * 2 - 1
    small, room = rivagan.to_frame(on_white(picture, alpha)), rivagan.to_frame(free.float())
    better = rivagan.fitted(small, room, sign, Generator().manual_seed(seed))
    chance, marked = 1.0, picture
    for step in range(1, _STEPS + 1):
        change = next(better)
        if step < _FIRST or (step - _FIRST) % 2:
            continue
        whole = interpolate(change[None], picture.shape[1:], mode="bicubic")[0]
        whole = whole.clamp(-rivagan.LARGEST, rivagan.LARGEST)  # bicubic overshoots
        marked = torch.where(free, (picture + whole).clamp(0, 1), picture)
        chance = chance_of(hear(_handled(on_white(marked, alpha))), number)
        if chance <= _ENOUGH or (step > _STEPS / 2 and chance > _HOPELESS):
            break
    return marked, chance


def faint(chance: float) -> Message:
    """The note for a mark that is hard to read: it was left out, or is weak."""
    if chance > CLEAR:
        return message("watermark.left_out", odds=odds(chance))
    return message("watermark.faint", odds=odds(chance))


def bits(number: int) -> NDArray[np.float32]:
    """The 32 bits of an id, highest first, as 0.0 and 1.0."""
    if not 0 <= number < 2**rivagan.BITS:
        raise NotUsable("watermark.no_id", number=number, largest=2**rivagan.BITS - 1)
    places = range(rivagan.BITS - 1, -1, -1)
    return np.array([number >> place & 1 for place in places], dtype=np.float32)


def _handled(picture: Tensor) -> bytes:
    """The picture as a platform may give it back: a tenth cut off, halved, as a JPEG of quality 75.

    Pictures of a few hundred pixels are not halved: platforms do not resize them.
    """
    array = to_array(picture, 8)
    height, width = array.shape[:2]
    image = pyvips.Image.new_from_array(array).copy(interpretation="srgb")
    top, left = height // 20, width // 20
    image = image.crop(left, top, max(1, width - 2 * left), max(1, height - 2 * top))
    factor = min(1.0, max(0.5, rivagan.SIDE / min(image.width, image.height)))
    data: bytes = image.resize(factor).jpegsave_buffer(Q=75)
    return data


def hear(source: fingerprint.Source, *, mirrored: bool = False) -> Soft:
    """The decoder's 32 numbers for a picture file, marked or not."""
    small = to_tensor(fingerprint.open_small(source, rivagan.SIDE, exact=True))
    with torch.no_grad():
        return np.asarray(rivagan.heard(small.flip(2) if mirrored else small).numpy())


def listen(source: fingerprint.Source) -> tuple[Soft, Soft]:
    """The decoder's numbers for the picture and for its mirror image."""
    return hear(source), hear(source, mirrored=True)


def best(heard: tuple[Soft, ...], issued: Iterable[int]) -> Match | None:
    """The issued id that agrees best with any of these outputs; None where none was issued."""
    ids = sorted(set(issued))
    if not ids:
        return None
    signs = np.stack([bits(number) for number in ids]) * 2 - 1
    chance, turn, row = min(
        (chance_of(loud, ids[row]), turn, row)
        for turn, loud in enumerate(heard)
        for row in [int(np.argmax(signs @ (_weights(loud) * np.sign(loud))))]
    )
    agree = int(((heard[turn] > 0) == (signs[row] > 0)).sum())
    corrected = min(1.0, chance * len(ids) * len(heard))
    return Match(ids[row], agree, corrected, mirrored=turn > 0)


def chance_of(heard: Soft, number: int) -> float:
    """The share of all 2^32 ids that agree with the decoder's output at least as well as this one.

    Clear bits weigh more. Because ids are uniformly random, this share is exactly the chance that
    an unmarked picture, whatever it looks like, agrees so well with one issued id.
    """
    steps, share = _shares(np.asarray(heard, np.float32).tobytes())
    return float(share[int(steps[(heard > 0) == (bits(number) > 0)].sum())])


@lru_cache(maxsize=8)  # one picture is compared with many ids
def _shares(heard: bytes) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The 32 weights as integers, and for every sum of them the share of ids that reach it."""
    loud = _weights(np.frombuffer(heard, np.float32))
    steps = np.maximum(1, np.round(loud / max(float(loud.max()), 1e-9) * _GRAIN)).astype(np.int64)
    share = np.zeros(int(steps.sum()) + 1)
    share[0] = 1.0
    for step in steps:
        without = share / 2
        without[step:] += share[:-step] / 2
        share = without
    return steps, np.cumsum(share[::-1])[::-1]


def _weights(heard: Soft) -> Soft:
    """Each bit's clarity, at most twice the median: what exceeds that comes more often from the
    picture than from the mark."""
    loud = np.abs(heard)
    return np.asarray(np.minimum(loud, 2 * np.median(loud)))


def odds(chance: float) -> Message:
    """A chance in words that people can weigh."""
    if chance > 0.1:
        return message("watermark.odds_often")
    return message("watermark.odds", times=float(f"{1 / max(chance, 1e-12):.1e}"))


def read(data: bytes, anchors: str = "") -> Found | None:
    """The export whose watermark the picture carries; None where it could be chance."""
    known = issued()
    return found(best(listen(data), known), known) if known else None


def read_pixels(artwork: Artwork) -> Found | None:
    """The same for a picture without a file, as Krita sends it."""
    known = issued()
    if not known:
        return None
    small = rivagan.to_frame(on_white(artwork.rgb, artwork.alpha))
    with torch.no_grad():
        return found(best((np.asarray(rivagan.heard(small)),), known), known)


def issued() -> dict[int, ledger.Entry]:
    """Exports of the ledger by their watermark."""
    return {one.watermark: one for one in ledger.entries() if one.watermark is not None}


def found(match: Match | None, known: Mapping[int, ledger.Entry]) -> Found | None:
    """What a match says; None where it could be chance."""
    if match is None or match.chance > CLEAR:
        return None
    export = known[match.watermark]
    says = message("watermark.carried", export=export.id, match=match.says)
    return Found("watermark", says, {"export": export.id, **vars(match)})


ENTRY = Mark(
    says="An invisible number in the picture that survives re-saving and resizing",
    label="Invisible watermark",
    stage="pixels",
    decide=decide,
    embed=embed,
    read=read,
    note="Evidence, not protection: whoever tries can remove it. Flat pictures carry it badly.",
)
