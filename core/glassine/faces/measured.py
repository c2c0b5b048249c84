"""What look-ups found of cloaked faces, as lab/bench/faces.py measured it: reports and the manual
take their figures from here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ..units import Score

FILE = Path(__file__).parent / "measured.json"


@dataclass(frozen=True)
class Found:
    """Shares of look-ups that put the right person first, each on the network where it is highest.

    score    SSIMULACRA2 of the copies
    people   how many were looked up; `others`: how many more were in the gallery
    clean    before they were cloaked
    used     cloaked, on networks that were optimised against
    left     cloaked, on a network that was left out of the optimisation
    unknown  cloaked, on a network that is never optimised against
    high     upper end of the exact interval of `unknown`
    taught   cloaked, through a head that was trained on cloaked faces
    """

    recipe: str
    score: float
    people: int
    others: int
    steps: int
    clean: float
    used: float
    left: float
    unknown: float
    high: float
    taught: float


@cache
def everything_found() -> tuple[Found, ...]:
    return tuple(Found(**row) for row in json.loads(FILE.read_text("utf-8")))


def found_of(recipe: str, score: Score) -> Found | None:
    """What was measured of a recipe at the nearest score; None where nothing was."""
    rows = [row for row in everything_found() if row.recipe == recipe]
    return min(rows, key=lambda row: abs(row.score - score), default=None)
