"""Many reports -> one table: means, spread and the worst case, by recipe and purifier."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import fmean, pstdev
from typing import Any

from ..messages import Message, message
from ..types import Effect, Report
from .trials import share_left


@dataclass(frozen=True)
class Line:
    """One purifier over many pictures; `name` is "" for the picture as it is.

    covered, blend, held_out, held_out_blend  means over families and pictures, shares of the gap
    spread  standard deviation of `covered` over pictures
    left    mean share of the effect beyond its control
    worst   the smallest `left`, and `where`
    """

    name: str
    says: Message
    kind: str
    pictures: int
    covered: float
    spread: float
    blend: float
    held_out: float
    held_out_blend: float
    left: float
    worst: float
    where: str


def summarised(reports: Sequence[tuple[str, Report]]) -> list[Line]:
    """(picture's name, its report) -> lines in the order in which purifiers were asked for."""
    names = {"": (message("trial.as_posted"), "")}
    for _, report in reports:
        names |= {t.name: (t.says, t.kind) for t in report.trials if t.verdict != "not run"}
    return [line(name, says, kind, reports) for name, (says, kind) in names.items()]


def line(name: str, says: Message, kind: str, reports: Sequence[tuple[str, Report]]) -> Line:
    rows = [(where, [r for r in report.effects if r.after == name]) for where, report in reports]
    rows = [(where, found) for where, found in rows if found]
    covered = known_of(average(found, "used", "closed") for _, found in rows)
    left = [(share(report, name), where) for where, report in reports]
    real = [(value, where) for value, where in left if not math.isnan(value)]
    worst, where = min(real, default=(math.nan, ""))
    return Line(
        name=name,
        says=says,
        kind=kind,
        pictures=len(rows),
        covered=mean_of_known(covered),
        spread=pstdev(covered) if len(covered) > 1 else 0.0,
        blend=mean_of_known(average(found, "used", "blend") for _, found in rows),
        held_out=mean_of_known(average(found, "held out", "closed") for _, found in rows),
        held_out_blend=mean_of_known(average(found, "held out", "blend") for _, found in rows),
        left=mean_of_known(value for value, _ in real),
        worst=worst,
        where=where,
    )


def share(report: Report, name: str) -> float:
    """Share of that report's own effect that is left after a purifier; 1 after none (""), and NaN
    where there was no effect."""
    if name:
        return next((trial.left for trial in report.trials if trial.name == name), math.nan)
    before = [row for row in report.effects if not row.after]
    return share_left(before, before)


def average(rows: Iterable[Effect], role: str, what: str) -> float:
    return mean_of_known(getattr(row, what) for row in rows if row.role == role)


def mean_of_known(values: Iterable[float]) -> float:
    real = known_of(values)
    return fmean(real) if real else math.nan


def known_of(values: Iterable[float]) -> list[float]:
    return [value for value in values if not math.isnan(value)]


def percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.1f}"


def totals(reports: Sequence[tuple[str, Report]]) -> dict[str, Any]:
    """Means of what people see."""
    costs = [report.cost for _, report in reports]
    return {
        "pictures": len(costs),
        "ssimulacra2": mean_of_known(cost.ssimulacra2 for cost in costs),
        "psnr": mean_of_known(cost.psnr for cost in costs),
        "lpips": mean_of_known(known(cost.lpips) for cost in costs),
        "haarpsi": mean_of_known(known(cost.haarpsi) for cost in costs),
        "fsim": mean_of_known(known(cost.held_out.fsim) for cost in costs),
        "vsi": mean_of_known(known(cost.held_out.vsi) for cost in costs),
        "mdsi": mean_of_known(known(cost.held_out.mdsi) for cost in costs),
        "file_growth": mean_of_known(
            cost.bytes_after / cost.bytes_before - 1 if cost.bytes_before else math.nan
            for cost in costs
        ),
    }


def known(value: float | None) -> float:
    """NaN for what was not measured."""
    return math.nan if value is None else value
