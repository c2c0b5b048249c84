"""Near-duplicates among the artist's own exports.

A picture that stands in a training set many times is far more likely to be memorised (Carlini et
al., "Extracting Training Data from Diffusion Models", 2023), so the tenth copy is worth a thought.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..ledger import fingerprint
from ..messages import Message, message
from ..types import Progress, Watch, quiet
from .features import INLIERS, MANY, Picture, Votes, agreement, pictured
from .hits import ALIKE
from .works import Work

_ANY = 256  # bits: a feature votes for every work that has one like it
_NAMED = 6  # works that are named; the rest is counted


@dataclass(frozen=True)
class Cluster:
    """Exports that show the same picture, or parts of it."""

    works: tuple[Work, ...]

    @property
    def says(self) -> Message:
        names = tuple(work.name for work in self.works[:_NAMED])
        if more := len(self.works) - len(names):
            return message("own.many_copies", exports=len(self.works), names=names, more=more)
        return message("own.copies", exports=len(self.works), names=names)


def clusters(works: list[Work], watch: Watch = quiet) -> list[Cluster]:
    """Groups of two or more exports that show the same picture, the largest first."""
    if not works:
        return []
    seen = [pictured(fingerprint.open_small(work.view)) for work in works]
    votes = Votes.of([one.features[: MANY // 4] for one in seen])
    table = np.stack([np.frombuffer(work.hashes[: fingerprint.HASH], np.uint8) for work in works])
    root = list(range(len(works)))
    for at, work in enumerate(works):
        (voted,) = votes.ask([seen[at].features], _ANY)  # the nearest feature is always its own
        for other in sorted({*_alike(work, table), *voted}):
            joined = _top(root, at) == _top(root, other)
            if other != at and not joined and _same(at, other, table, seen):
                root[_top(root, other)] = _top(root, at)
        watch(Progress(at + 1, len(works), "compare"))
    groups: dict[int, list[Work]] = {}
    for at, work in enumerate(works):
        groups.setdefault(_top(root, at), []).append(work)
    found = [Cluster(tuple(group)) for group in groups.values() if len(group) > 1]
    return sorted(found, key=lambda group: -len(group.works))


def _alike(work: Work, table: NDArray[np.uint8]) -> Iterable[int]:
    own = work.hashes[: fingerprint.HASH]
    if not any(own):
        return ()
    return [int(at) for at in np.flatnonzero(fingerprint.bits_apart(own, table) <= ALIKE)]


def _same(at: int, other: int, table: NDArray[np.uint8], seen: list[Picture]) -> bool:
    near = fingerprint.bits_apart(table[at].tobytes(), table[other : other + 1])[0] <= ALIKE
    if near and table[at].any():
        return True
    return agreement(seen[at], seen[other]).inliers >= INLIERS


def _top(root: list[int], at: int) -> int:
    while root[at] != at:
        root[at] = root[root[at]]
        at = root[at]
    return at
