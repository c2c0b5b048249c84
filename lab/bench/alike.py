"""What the method before does where a judge rates it like ours.

It is made at several strengths, and its effect is interpolated between them. Where a judge says of
all of them that they show more than ours, or less, more strengths are made: beyond its ends an
interpolation repeats the end, which flatters one of the two.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from torch import Tensor

from . import before
from .effect import EMBEDDED, SCORE

FACTORS = (0.5, 0.8, 1.0, 1.3)  # of the change before, at SCORE
WEAKER, STRONGER = (0.35, 0.25, 0.15, 0.1), (1.8, 2.5, 3.5, 5.0)  # where these do not reach

Row = dict[str, Any]
Rate = Callable[[Tensor], Row]
"""A picture -> what the judges say, as "seen", and its "effects"."""


def earlier(
    clean: Tensor, goal: Tensor, rate: Rate, seen: dict[str, float], old: list[Row]
) -> tuple[list[Row], dict[str, float]]:
    """The method before at factors between which every judge's word of ours lies, if any do, and
    the processor seconds of its search, as "before", where it was made.

    seen  what the judges say of ours
    old   rows of an earlier run
    """
    if old and not weaker(old, seen) and not stronger(old, seen):
        return old, {}
    began = time.process_time()
    moved = before.change(clean, goal, EMBEDDED, 10, SCORE)
    seconds = time.process_time() - began
    whole = before.settled(clean, moved, SCORE) - clean

    def at(factor: float) -> Row:
        return {"factor": factor, **rate(before.changed(clean, whole, factor))}

    rows = [*old] or [at(factor) for factor in FACTORS]
    for further, factors in ((weaker, WEAKER), (stronger, STRONGER)):
        for factor in factors:
            if not further(rows, seen):
                break
            if all(row["factor"] != factor for row in rows):
                rows.append(at(factor))
    rows.sort(key=lambda row: row["factor"])
    return rows, {} if old else {"before": seconds}


def weaker(rows: Sequence[Row], seen: dict[str, float]) -> list[str]:
    """The judges of whom ours shows less than the weakest of the rows."""
    ends = weakest_and_strongest(rows)
    return [j for j, (low, high) in ends.items() if (seen[j] - low) * (high - low) < 0]


def stronger(rows: Sequence[Row], seen: dict[str, float]) -> list[str]:
    """The judges of whom ours shows more than the strongest of the rows."""
    ends = weakest_and_strongest(rows)
    return [j for j, (low, high) in ends.items() if (seen[j] - high) * (high - low) > 0]


def weakest_and_strongest(rows: Sequence[Row]) -> dict[str, tuple[float, float]]:
    """What each judge that all rows know says of the first and of the last by factor."""
    weak, *_, strong = (row["seen"] for row in sorted(rows, key=lambda row: row["factor"]))
    return {judge: (weak[judge], strong[judge]) for judge in judges_of(rows)}


def judges_of(rows: Sequence[Row]) -> list[str]:
    """The judges that all rows know; older ones lack some."""
    return [judge for judge in rows[0]["seen"] if all(judge in row["seen"] for row in rows)]


def read_off(rows: Sequence[Row], judge: str, value: float, where: str) -> float:
    """A method's effect where a judge says `value`, interpolated between neighbouring rows."""
    pairs = sorted((row["seen"][judge], row["effects"][where]) for row in rows)
    said, effect = zip(*pairs, strict=True)
    return float(np.interp(value, said, effect))
