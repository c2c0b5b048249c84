"""What a look-up found of such cloaks, as lab/bench/faces.py measured and wrote it: one fact, which
reports and the manual tell."""

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

    score   SSIMULACRA2 of the copies
    people  that were looked up; `others` stood beside them
    used    on networks that were worked against, `left` on one that was left out, `unknown` on one
            that is never worked against; `clean` before, on any
    taught  through a head that was trained on cloaked faces, on any
    high    upper end of the exact interval of `unknown`
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
    """What was measured at the nearest strength; None where such a cloak never was."""
    rows = [row for row in everything_found() if row.recipe == recipe]
    return min(rows, key=lambda row: abs(row.score - score), default=None)
