"""What a search gives back: hits, each with its evidence."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..marks.watermark import Match
from ..messages import Message, message
from .works import Work

ALIKE = 31
"""Bits of 256: nearer than that, two hashes are of one picture (unrelated ones: 116-134)."""


@dataclass(frozen=True)
class Hit:
    """One file, and the work it is or contains, with everything that speaks for it.

    same       it is the exported file, to the byte
    differ     bits of 256 in which the hashes differ; None: one of them is a flat colour
    negative   its colours are inverted
    inliers    features that agree on one mapping; 25 confirm it, 0-6 are chance
    whole      that mapping lays the work over all of the file
    mark       the watermark that was decoded, its chance corrected for all files decoded
    named      what the file's metadata says of the artist; None: it does not name them
    """

    path: Path
    work: Work | None
    same: bool = False
    differ: int | None = None
    mirrored: bool = False
    negative: bool = False
    inliers: int = 0
    whole: bool = False
    mark: Match | None = None
    named: Message | None = None

    @property
    def verdict(self) -> Literal["is", "contains", "carries", "resembles", "names"]:
        """The strongest claim that the evidence allows."""
        near = self.differ is not None and self.differ <= ALIKE
        if self.same or self.whole or (near and self.inliers):
            return "is"
        if self.inliers:
            return "contains"
        if self.mark is not None:
            return "carries"
        return "resembles" if near else "names"

    @property
    def says(self) -> Message:
        return _VERDICTS[self.verdict]

    @property
    def evidence(self) -> tuple[Message, ...]:
        """What speaks for the hit, strongest first."""
        said = [message("hit.same")] if self.same else []
        if self.inliers:
            code = "hit.features_mirrored" if self.mirrored else "hit.features"
            said.append(message(code, features=self.inliers))
        if self.differ is not None and self.differ <= 2 * ALIKE:
            said.append(message("hit.hashes", bits=self.differ))
        if self.negative:
            said.append(message("hit.negative"))
        if self.mark is not None:
            export = self.work.export if self.work else 0
            said.append(message("hit.watermark", export=export, match=self.mark.says))
        return (*said, self.named) if self.named else tuple(said)


_VERDICTS = {
    "is": message("hit.is"),
    "contains": message("hit.contains"),
    "carries": message("hit.carries"),
    "resembles": message("hit.resembles"),
    "names": message("hit.names"),
}
ORDER = tuple(_VERDICTS)


@dataclass(frozen=True)
class Search:
    """What one search found, doubts before hits.

    files     how many were looked at
    works     how many were looked for
    listened  files of which the watermark was decoded
    problems  files that could not be looked at, and why
    """

    folder: Path
    files: int
    works: int
    listened: int
    hits: tuple[Hit, ...]
    problems: tuple[Message, ...]
    doubts: tuple[Message, ...]

    @property
    def found(self) -> int:
        """Files with a hit; one file may be like several works."""
        return len({hit.path for hit in self.hits})
