"""Whether a copy may be called protected: it has to beat a plain blend that looks the same."""

from __future__ import annotations

from math import isnan
from statistics import mean

from ..messages import Message, message
from ..types import Report


def below_blend(report: Report) -> Message | None:
    """Why the copy is changed and not protected; None where it is, or where nothing was measured.

    By the families that were aimed at, before any handling.
    """
    rows = [
        row
        for row in report.effects
        if row.role == "used" and not row.after and not isnan(row.closed) and not isnan(row.blend)
    ]
    if not rows:
        return None
    closed, blend = mean(row.closed for row in rows), mean(row.blend for row in rows)
    if closed > max(blend, 0):
        return None
    return message("verdict.below_blend", closed=closed, blend=blend)
