"""What a finished picture is told in: five lines for people, one object for machines."""

from __future__ import annotations

from collections import defaultdict
from math import isnan
from statistics import mean
from typing import TYPE_CHECKING, Any

from ..evidence.schema import json_ready
from ..explore.training_sizes import training_sizes
from ..plain import plain
from ..record import IN_LINE, record_in, told

if TYPE_CHECKING:
    from ..flow.deliver import Delivered
    from ..types import Effect, Plan, Report


def delivered_lines(made: Delivered) -> list[str]:
    """Five lines; then what had to be converted, and for a poison the words it needs."""
    done, protected, report = made.done, made.protected, made.report
    plan, (height, width) = protected.plan, protected.rgb.shape[1:]
    size = f"{width} x {height}, {done.format}, {megabytes(len(done.data))}"
    start = f", after {plan.warm} on what is embedded" if plan.warm else ""
    lines = [
        f"{made.source.name} -> {made.file}  ({size})",
        f"  What: {plan.recipe.name} towards {' and '.join(goal.says for goal in plan.goals)}; "
        f"{plan.steps} steps on {', '.join(plan.surrogates)}{start}{also(plan)}",
        f"  Visible: {visible_line(report)}",
        f"  Effect: {effect_line(report)}",
        f"  Report: {made.page}  ({doubts_line(report)})",
    ]
    if made.sidecar:
        lines.append(f"  Receipt: {made.sidecar}")
    if plan.caption:
        lines.append(f'  Publish it with these words, or it does nothing: "{plan.caption}"')
    notes = (*plan.artwork.notes, *protected.notes, *done.notes)
    return [*lines, *(f"  Note: {note}" for note in notes)]


def also(plan: Plan) -> str:
    """The reduced copies that were optimised too, so that training that reduces finds them."""
    sides = " and ".join(str(side) for side in training_sizes(plan))
    return f", also at {sides} px" if sides else ""


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"


def visible_line(report: Report) -> str:
    cost = report.cost
    return (
        f"SSIMULACRA2 {cost.ssimulacra2:.1f} (100 is identical, 90 hard to see side by side), "
        f"largest change {cost.largest_change:.0f} levels"
    )


def effect_line(report: Report) -> str:
    """Means over the families, used and held out, each beside the blend that looks the same.

    Without a known target there is no way that could be covered.
    """
    known = [row for row in report.effects if not isnan(row.closed)]
    groups: dict[str, list[Effect]] = defaultdict(list)
    for row in known:
        if not row.after:
            groups[row.role].append(row)
    said = [
        f"{mean(row.closed for row in rows):.0%} of the way on the {role} encoders "
        f"(a plain blend that looks the same: {mean(row.blend for row in rows):.0%})"
        for role, rows in groups.items()
    ]
    for trial in report.trials:
        rows = [row for row in known if row.after == trial.name and row.role == "used"]
        if rows:
            said.append(
                f"{trial.says}: {mean(row.closed for row in rows):.0%} "
                f"({mean(row.blend for row in rows):.0%})"
            )
    return "; ".join(said) or "not measured"


def doubts_line(report: Report) -> str:
    count = len(report.doubts)
    if count == 0:
        return "no doubts found; read what it does not show"
    first = report.doubts[0].says.split(". ")[0].rstrip(".")  # the page has all of it
    return f"{count} doubt{'s' * (count > 1)}, first: {first}."


def delivered_facts(made: Delivered) -> dict[str, Any]:
    """The same as data, for --json; what was not measured is null."""
    report, record = made.report, record_in(made.report, made.protected)
    whole = {
        "source": str(made.source),
        "file": str(made.file),
        "report": str(made.page),
        "receipt": str(made.sidecar) if made.sidecar else None,
        **told(record, IN_LINE),
        "doubts": plain(report.doubts, says=True),
        "cost": plain(report.cost),
        "effects": plain(report.effects),
    }
    cleaned: dict[str, Any] = json_ready(whole)
    return cleaned
