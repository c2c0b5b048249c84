"""Reasons to trust a report less. They are read before any number."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence

from ..surrogates import SHIPPED, SMALL
from ..types import Cost, Doubt, Effect, Plan, Trial
from .sight import Sight
from .trials import TRAINED, WEAKENED

_LITTLE, _ALIKE = 0.02, 1.25  # of the gap; times the control
_MISSED = 2.0  # SSIMULACRA2 points
_LEFT_OUT = 0.2  # of the pixels
_LIMITS = 3  # sentences of the model card


def doubts(
    plan: Plan, sight: Sight, cost: Cost, effects: Sequence[Effect], trials: Sequence[Trial]
) -> tuple[Doubt, ...]:
    rows = [row for row in effects if not row.after]
    return (
        *about_effect(rows),
        *about_families(plan, rows),
        *about_trials(trials),
        *about_cost(plan, cost),
        *about_scope(plan, sight),
    )


def about_effect(rows: Sequence[Effect]) -> Iterator[Doubt]:
    if rows and all(row.moved == 0 for row in rows):
        yield Doubt("none", "The two pictures are the same to every encoder: nothing was done.")
        return
    for code, says, failed in (
        (
            "noise",
            "the same change scattered at random moves the latents about as far",
            [r for r in rows if r.moved <= _ALIKE * r.scattered],
        ),
        (
            "blend",
            "a plain blend towards the target that looks the same gets about as close",
            [r for r in rows if r.closed <= _ALIKE * max(r.blend, 0)],
        ),
        (
            "jpeg",
            "saving the clean picture as JPEG 90 moves the latents further",
            [r for r in rows if r.moved < r.jpeg],
        ),
        ("little", "hardly any of the way to the target was covered", little(rows)),
    ):
        if failed:
            yield Doubt(code, f"On {family_list(failed)} {says}.")


def little(rows: Sequence[Effect]) -> list[Effect]:
    return [row for row in rows if row.role == "used" and row.closed < _LITTLE]


def family_list(rows: Sequence[Effect]) -> str:
    return ", ".join(f"{row.family} ({row.role})" for row in rows)


def about_families(plan: Plan, rows: Sequence[Effect]) -> Iterator[Doubt]:
    if plan.surrogates == (SMALL,):
        yield Doubt("embedded", embedded(plan))
    if not plan.held_out:
        yield Doubt(
            "transfer",
            "Every encoder here was optimised against, so nothing shows whether a model with "
            "another encoder is affected.",
        )
    if all(math.isnan(row.closed) for row in rows):
        yield Doubt(
            "aimless",
            "The target is not known here, so only distances are shown, not whether they lead "
            "anywhere.",
        )
    if plan.recipe.name != "cloak" and plan.caption:
        yield Doubt(
            "caption",
            f'The poison works only beside its words: post it with "{plan.caption}", and only as '
            "one of many.",
        )


def embedded(plan: Plan) -> str:
    """The measured weakness of the encoder that ships: the first limits of its model card."""
    each = "one family" if plan.recipe.draw < 2 else f"{plan.recipe.draw} families"
    says = (
        f"Only the built-in encoders were used, {each} a step. All families in every step cover "
        "more of the way: glassine models get."
    )
    card = SHIPPED / "embedded.md"
    text = card.read_text(encoding="utf-8") if card.exists() else ""
    said = text.partition("**Limits.**")[2].partition("\n**")[0]
    limits = re.split(r"^\* ", said, flags=re.MULTILINE)[1:]
    return " ".join([says, *(" ".join(one.split()) for one in limits[:_LIMITS])])


def about_trials(trials: Sequence[Trial]) -> Iterator[Doubt]:
    yield from about_size([one for one in trials if one.name.startswith(TRAINED)])
    gone = [trial for trial in trials if trial.verdict == "removed"]
    for kind, word in (("handling", "Ordinary handling"), ("removal", "Removers")):
        told = [one for one in gone if one.kind == kind and not one.name.startswith(TRAINED)]
        names = ", ".join(trial.says for trial in told)
        if names:
            yield Doubt(f"removed-{kind}", f"{word} took the effect away: {names}.")
    absent = [trial.says for trial in trials if trial.verdict == "not run"]
    if absent:
        yield Doubt("untried", f"Not tried, because something is missing: {', '.join(absent)}.")


def about_size(trials: Sequence[Trial]) -> Iterator[Doubt]:
    """The training size at which least is left."""
    known = [trial for trial in trials if not math.isnan(trial.left)]
    worst = min(known, key=lambda trial: trial.left, default=None)
    if worst and worst.left < WEAKENED:
        yield Doubt(
            "size",
            f"Models learn from smaller pictures: {worst.says[0].lower()}{worst.says[1:]}, "
            f"{worst.left:.0%} of the effect beyond its control is left. A copy that is exported "
            "at that size (--longest-side) keeps more of it at the size at which it is learned.",
        )


def about_cost(plan: Plan, cost: Cost) -> Iterator[Doubt]:
    if cost.changed_share and cost.ssimulacra2 < plan.score - _MISSED:
        yield Doubt(
            "visible",
            f"It is more visible than asked for, what the file format does included: SSIMULACRA2 "
            f"{cost.ssimulacra2:.0f} instead of {plan.score:.0f}.",
        )


def about_scope(plan: Plan, sight: Sight) -> Iterator[Doubt]:
    idle = (plan.allowance == 0).float().mean().item()
    if idle > _LEFT_OUT:
        yield Doubt(
            "untouched",
            f"{idle:.0%} of the picture was left alone (mask or transparency) and is as easy to "
            "learn from as before.",
        )
    height, width = sight.clean.shape[1:]
    down, across = (part.stop - part.start for part in (sight.rows, sight.columns))
    if down * across < 0.5 * height * width:
        yield Doubt(
            "part",
            f"Effects were measured on {across} x {down} pixels of {width} x {height}; the rest "
            "was made in the same way and not measured.",
        )
