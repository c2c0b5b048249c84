"""What is printed about a finished picture: five lines for people, one object for machines."""

from __future__ import annotations

from collections.abc import Sequence
from math import isnan
from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from ..evidence.glance import lightest
from ..evidence.offers import OFFERED
from ..evidence.schema import json_ready
from ..evidence.trials import at_training_size
from ..evidence.verdict import below_control
from ..messages import Message, message
from ..record import IN_LINE, record_in, told
from .speech import phrase

if TYPE_CHECKING:
    from ..flow.deliver import Delivered
    from ..types import Effect, Plan, Report


def delivered_lines(made: Delivered) -> list[str]:
    """Five lines; then notes on what was converted, and for a poison the words it needs."""
    done, protected, report = made.done, made.protected, made.report
    plan, (height, width) = protected.plan, protected.rgb.shape[1:]
    size = f"{width} x {height}, {done.format}, {megabytes(len(done.data))}"
    if done.marks:
        labels = tuple(message(f"mark.{name}.label") for name in done.marks)
        size = f"{size}; {phrase('cli.carries', marks=labels)}"
    lines = [
        f"{made.source.name} -> {made.file}  ({size})",
        "  " + what_line(plan),
        "  " + visible_line(report),
        "  " + effect_line(report, away=plan.recipe.away),
        *("  " + phrase("cli.note", note=why) for why in (below_control(report),) if why),
        "  " + phrase("cli.report", page=made.page, doubts=doubts_said(report)),
    ]
    if made.sidecar:
        lines.append("  " + phrase("cli.receipt", path=made.sidecar))
    if plan.caption:
        lines.append("  " + phrase("cli.caption", caption=plan.caption))
    notes = (*plan.artwork.notes, *protected.notes, *done.notes, *smaller(report))
    return [*lines, *("  " + phrase("cli.note", note=note) for note in notes)]


def what_line(plan: Plan) -> str:
    """The recipe, its goals, and the work that it took."""
    recipe, work = plan.recipe.name, work_done(plan)
    if not plan.goals:
        return phrase("cli.what_through", recipe=recipe, model=Path(plan.model).name, work=work)
    goals = tuple(goal.says for goal in plan.goals)
    if plan.recipe.away:
        return phrase("cli.what_away", recipe=recipe, goals=goals, work=work)
    return phrase("cli.what", recipe=recipe, goals=goals, work=work)


def smaller(report: Report) -> tuple[Message, ...]:
    """A note where another format has at most a third of the copy's size and keeps some effect."""
    now = report.cost.bytes_after
    light = lightest(report.offers, now)
    if light is None:
        return ()
    told = message(
        "cli.offer",
        format=OFFERED[light.format],
        quality=light.quality,
        size=light.bytes / 1e3,
        share=light.bytes / now,
        left=light.left,
    )
    return (told,)


def work_done(plan: Plan) -> tuple[Message, ...]:
    """The steps, and the reduced copies that were optimised too, for training that reduces."""
    said = [message("cli.steps", count=plan.steps, surrogates=plan.surrogates)]
    if plan.also_at:
        said.append(message("cli.also_at", sides=plan.also_at))
    return tuple(said)


def megabytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.0f} kB"


def visible_line(report: Report) -> str:
    cost = report.cost
    return phrase("cli.visible", score=cost.ssimulacra2, levels=cost.largest_change)


def effect_line(report: Report, *, away: bool = False) -> str:
    """Mean share of the gap closed over the families, used and held out, each beside its blend.

    A picture that training reduces is told of as models learn it, and then as posted. Without a
    known target there is no such share, and nothing is said of it.

    away  whether the recipe moves away from the original, so that the distance is the effect
    """
    known = [row for row in report.effects if not isnan(row.closed)]
    used = [row for row in known if row.role == "used"]
    reduced = {trial.name: trial.says for trial in report.trials if at_training_size(trial)}
    said = [
        phrase("cli.effect_after", trial=says, **shares(rows))
        for name, says in reduced.items()
        if (rows := [row for row in used if row.after == name])
    ]
    if rows := [row for row in used if not row.after]:
        posted = {"trial": message("trial.as_posted")} if said else {}
        said.append(phrase(f"cli.effect_{'after' if said else 'used'}", **posted, **shares(rows)))
    if rows := [row for row in known if row.role == "held out" and not row.after]:
        said.append(phrase("cli.effect_held_out", **shares(rows)))
    said = said or (moved_said(report) if away else [])
    return phrase("cli.effect", effect="; ".join(said) or message("cli.not_measured"))


def moved_said(report: Report) -> list[str]:
    """The effect where there is no goal: how far the encoders' view moved from the original."""
    said = []
    for role, name in (("used", "role.used"), ("held out", "role.held_out")):
        rows = [row for row in report.effects if row.role == role and not row.after]
        if rows and not any(isnan(row.scattered) for row in rows):
            far, chance = mean(row.moved for row in rows), mean(row.scattered for row in rows)
            said.append(phrase("cli.effect_moved", role=message(name), moved=far, scattered=chance))
    return said


def shares(rows: Sequence[Effect]) -> dict[str, float]:
    return {
        "closed": mean(row.closed for row in rows),
        "blend": mean(row.blend for row in rows),
    }


def doubts_said(report: Report) -> Message:
    """How many doubts there are, and the first; the page has all of them."""
    count = len(report.doubts)
    if count == 0:
        return message("cli.no_doubts")
    return message("cli.doubts", count=count, first=report.doubts[0])


def delivered_facts(made: Delivered) -> dict[str, Any]:
    """A finished picture as data, for --json; what was not measured is null."""
    report, record = made.report, record_in(made.report, made.protected)
    whole = {
        "source": str(made.source),
        "file": str(made.file),
        "report": str(made.page),
        "receipt": str(made.sidecar) if made.sidecar else None,
        **told(record, IN_LINE),
        "protected": below_control(report) is None,
        "why_not": below_control(report),
        "doubts": report.doubts,
        "cost": report.cost,
        "effects": report.effects,
    }
    cleaned: dict[str, Any] = json_ready(whole)
    return cleaned
