"""Whether a copy may be called protected: it has to beat what looks the same and does nothing."""

from __future__ import annotations

from collections.abc import Iterable
from math import isnan
from statistics import mean

from ..messages import Message, message
from ..types import Report
from .trials import as_learnt


def below_control(report: Report) -> Message | None:
    """Why the copy is changed and not protected; None where it is, or where nothing was measured.

    Judged on the families that were optimised against, as models learn the picture (`as_learnt`).
    With a goal the control is a plain blend; without one it is the same change, scattered at
    random.
    """
    used = [row for row in as_learnt(report.effects) if row.role == "used"]
    aimed = both_measured((row.closed, row.blend) for row in used)
    if aimed:
        closed, blend = (mean(column) for column in zip(*aimed, strict=True))
        if closed > max(blend, 0):
            return None
        return message("verdict.below_blend", closed=closed, blend=blend)
    away = both_measured((row.moved, row.scattered) for row in used)
    if not away:
        return None
    moved, scattered = (mean(column) for column in zip(*away, strict=True))
    if moved > scattered:
        return None
    return message("verdict.below_scattered", moved=moved, scattered=scattered)


def both_measured(pairs: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The pairs of which both figures were measured."""
    return [pair for pair in pairs if not any(isnan(value) for value in pair)]
