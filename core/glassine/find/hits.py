"""What a search gives back."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from ..marks.watermark import Match
from .works import Work

ALIKE = 31
"""Bits of 256: nearer than that, two hashes are of one picture (unrelated ones: 116-134)."""


@dataclass(frozen=True)
class Hit:
    """One file, and the work it is or contains, with everything that speaks for it.

    same       it is the exported file, to the byte
    differ     bits of 256 in which the hashes differ; None: one of them is a flat colour
    inliers    features that agree on one mapping; 25 confirm it, 0-6 are chance
    whole      that mapping lays the work over all of the file
    mark       the watermark that was heard, with its chance over everything listened to
    named      the sentence of the file's metadata that names the artist; "" for none
    """

    path: Path
    work: Work | None
    same: bool = False
    differ: int | None = None
    mirrored: bool = False
    inliers: int = 0
    whole: bool = False
    mark: Match | None = None
    named: str = ""

    @property
    def verdict(self) -> Literal["is", "contains", "carries", "resembles", "names"]:
        """How much it is: the strongest evidence has the word."""
        near = self.differ is not None and self.differ <= ALIKE
        if self.same or self.whole or (near and self.inliers):
            return "is"
        if self.inliers:
            return "contains"
        if self.mark is not None:
            return "carries"
        return "resembles" if near else "names"

    @property
    def says(self) -> str:
        return _VERDICTS[self.verdict]

    @property
    def evidence(self) -> tuple[str, ...]:
        """Sentences, strongest first."""
        flip = ", mirrored" if self.mirrored else ""
        said = ["The file is the one you exported, to the byte."] if self.same else []
        if self.inliers:
            said.append(f"{self.inliers} features lie alike in both{flip} (chance gives 0 to 6).")
        if self.differ is not None and self.differ <= 2 * ALIKE:
            said.append(f"The hashes differ in {self.differ} of 256 bits (unrelated: 116 to 134).")
        if self.mark is not None:
            said.append(
                f"Watermark of export {self.work.export if self.work else '?'}: {self.mark.says}."
            )
        return (*said, self.named) if self.named else tuple(said)


_VERDICTS = {
    "is": "is your work",
    "contains": "contains your work, or a part of it",
    "carries": "carries your watermark",
    "resembles": "resembles your work; look at both",
    "names": "names you; look at it",
}
ORDER = tuple(_VERDICTS)


@dataclass(frozen=True)
class Search:
    """One search, as it can be repeated. Doubts before hits."""

    folder: Path
    files: int
    works: int
    listened: int
    hits: tuple[Hit, ...]
    problems: tuple[str, ...]
    doubts: tuple[str, ...]

    @property
    def found(self) -> int:
        """Files with a hit; one file may be like several works."""
        return len({hit.path for hit in self.hits})
