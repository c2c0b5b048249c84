"""Whether two pictures are near-duplicates: by the ledger's hashes, then by image features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from ..find.features import INLIERS, Picture, agreement, pictured
from ..find.hits import ALIKE
from ..ledger import fingerprint
from ..pixels.grid import to_array

BITS = 8 * fingerprint.HASH


@dataclass(frozen=True)
class Look:
    """What of a picture is compared to find near-duplicates.

    hashes   of the picture and of its mirror image
    picture  its image features; None where they are not compared
    """

    hashes: bytes
    picture: Picture | None = None


def looked_at(picture: Tensor, *, features: bool = True) -> Look:
    """The picture (3, H, W) in [0, 1] as it is compared; `features` takes longer."""
    pixels = to_array(picture, 8)
    seen = pictured(fingerprint.reduced(pixels)) if features else None
    return Look(fingerprint.hashes(pixels), seen)


def bits_between(one: Look, others: list[Look]) -> NDArray[np.int64]:
    """(N,): bits in which the hashes differ, mirrored or not; BITS where a picture has no hash."""
    own, mirrored = one.hashes[: fingerprint.HASH], one.hashes[fingerprint.HASH :]
    table = np.stack([np.frombuffer(each.hashes[: fingerprint.HASH], np.uint8) for each in others])
    least = np.minimum(*(fingerprint.bits_apart(way, table) for way in (own, mirrored)))
    empty = ~table.any(axis=1) | (not any(own))
    return np.where(empty, BITS, least)


def near_duplicate(one: Look, other: Look) -> bool:
    """Whether their hashes or their features agree closely enough."""
    if bits_between(one, [other])[0] <= ALIKE:
        return True
    if one.picture is None or other.picture is None:
        return False
    return agreement(one.picture, other.picture).inliers >= INLIERS
