"""The report in four sentences: for people, for models, what takes it away, what to do next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean

from ..explore.training_sizes import lengths
from ..messages import Message, message
from ..types import Cost, Effect, Glance, Offer, Plan, Report, Trial
from ..units import Score
from ..visibility.limits import lowest
from .offers import OFFERED, SMALLER
from .sight import Sight
from .trials import REMOVED, WEAKENED, as_learnt, at_training_size
from .whereabouts import where_most

LOOKS = (
    (90.0, message("look.lossless")),
    (80.0, message("look.very_high")),
    (70.0 - 2.0, message("look.high")),  # a score of 70 that is asked for is met within 2 points
    (50.0, message("look.medium")),
)
"""Lowest points of each look, in the words of SSIMULACRA2's makers, for pictures at their own size
(github.com/cloudinary/ssimulacra2)."""
LOW = message("look.low")
ALIKE = 1.25  # times the control
_WORST = 2  # trials that are named


def glance(plan: Plan, sight: Sight, report: Report) -> Glance:
    rows = as_learnt(report.effects)
    return Glance(
        people=for_people(report.cost, sight),
        models=for_models(plan, rows),
        away=what_takes_it(report.trials),
        next=what_to_do(plan, rows, report),
    )


def for_people(cost: Cost, sight: Sight) -> Message:
    where = where_most(sight.clean, sight.seen)
    if not where:
        return message("glance.people_same")
    score = lowest_points(cost)
    look = next((said for least, said in LOOKS if score >= least), LOW)
    return message("glance.people", look=look, score=score, where=where)


def lowest_points(cost: Cost) -> Score:
    """The lowest of SSIMULACRA2, HaarPSI, LPIPS and smooth colour, in points of SSIMULACRA2.

    Not of MDSI, which says of a WebP what it says of a change that people see.
    """
    others = {"haarpsi": cost.haarpsi, "lpips": cost.lpips, "colour": cost.colour_shift}
    return min(cost.ssimulacra2, lowest(others))


def for_models(plan: Plan, rows: Sequence[Effect]) -> Message:
    used = [row for row in rows if row.role == "used"] or list(rows)
    if not used or all(row.moved == 0 for row in used):
        return message("glance.models_same")
    closed = [row.closed for row in used if not math.isnan(row.closed)]
    if not closed:
        moved = fmean(row.moved for row in used)
        scattered = fmean(row.scattered for row in used)
        return message("glance.models_moved", times=moved / max(scattered, 1e-9))
    share, blend = fmean(closed), fmean(row.blend for row in used if not math.isnan(row.blend))
    goals, reduced = tuple(goal.says for goal in plan.goals), bool(used[0].after)
    code = "glance.learnt" if reduced else "glance.models"
    if share <= ALIKE * max(blend, 0):
        code = "glance.learnt_blend" if reduced else "glance.models_blend"
    return message(code, share=share, goals=goals, blend=blend)


def what_takes_it(trials: Sequence[Trial]) -> Message:
    """The trials that leave least, worst first."""
    known = sorted((one for one in trials if not math.isnan(one.left)), key=lambda one: one.left)
    if not known:
        return message("glance.away_nothing" if trials else "glance.away_untried")
    named = tuple(message("glance.left", trial=one.says, left=one.left) for one in known[:_WORST])
    if known[0].left >= WEAKENED:
        return message("glance.away_little", trials=named)
    return message("glance.away", trials=named)


def what_to_do(plan: Plan, rows: Sequence[Effect], report: Report) -> Message:
    """The first that applies: make it stronger, post it with its words, make the picture smaller,
    take a smaller format, or just post it."""
    if weak(rows):
        return message("glance.next_stronger")
    if plan.caption:
        return message("glance.next_words", caption=plan.caption)
    if side := lost_to_training(report.trials):
        height, width = plan.artwork.rgb.shape[1:]
        down, across = lengths(height, width, side)
        return message("glance.next_size", across=across, down=down)
    if light := lightest(report.offers, report.cost.bytes_after):
        name, size = OFFERED[light.format], light.bytes / 1e3
        return message("glance.next_format", format=name, size=size, left=light.left)
    return message("glance.next_post")


def weak(rows: Sequence[Effect]) -> bool:
    """Whether on no family the effect is clearly larger than its control."""
    used = [row for row in rows if row.role == "used"]
    return all(
        row.moved <= ALIKE * row.scattered
        if math.isnan(row.closed)
        else row.closed <= ALIKE * max(row.blend, 0)
        for row in used
    )


def lost_to_training(trials: Sequence[Trial]) -> int:
    """The training size at which least of the effect is left; 0 where each leaves enough."""
    sizes = [one for one in trials if at_training_size(one) and one.left < WEAKENED]
    worst = min(sizes, key=lambda one: one.left, default=None)
    return worst.side if worst else 0


def lightest(offers: Sequence[Offer], now: int) -> Offer | None:
    """The smallest format of at most a third of the copy's size that keeps some of the effect."""
    light = [one for one in offers if one.bytes <= SMALLER * now and one.left > REMOVED]
    return min(light, key=lambda one: one.bytes, default=None)
