"""Reasons to trust a report less. They are read before any number."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from ..faces.measured import found_of
from ..machine.weights import is_shipped
from ..messages import Message, message
from ..surrogates import SMALL
from ..surrogates.embedded import LIMITS
from ..types import Cost, Effect, Plan, Trial
from ..visibility import unfit
from .sight import Sight
from .trials import WEAKENED, as_learnt, at_training_size

ROLES = {"used": message("role.used"), "held out": message("role.held_out")}
_LITTLE, _ALIKE = 0.02, 1.25  # of the gap to the goal; times the control
_MISSED = 2.0  # SSIMULACRA2 points that the copy may lie below what was asked for
_LEFT_OUT = 0.2  # of the pixels may have no allowance


def doubts(
    plan: Plan, sight: Sight, cost: Cost, effects: Sequence[Effect], trials: Sequence[Trial]
) -> tuple[Message, ...]:
    rows = [row for row in effects if not row.after]
    return (
        *(about_faces(plan) if plan.faces else ()),
        *about_effect(rows, as_learnt(effects)),
        *about_families(plan, rows),
        *about_trials(trials),
        *about_cost(plan, cost),
        *about_scope(plan, sight),
    )


def about_effect(rows: Sequence[Effect], learnt: Sequence[Effect]) -> Iterator[Message]:
    """rows, learnt  effects on the picture as posted, and as models learn it"""
    if rows and all(row.moved == 0 for row in rows):
        yield message("doubt.none")
        return
    if lost := [r for r in learnt if r.moved <= _ALIKE * r.scattered]:
        yield message("doubt.noise", families=family_list(lost))
    if lost := [r for r in learnt if r.closed <= _ALIKE * max(r.blend, 0)]:
        yield message("doubt.blend", families=family_list(lost))
    if lost := [r for r in rows if r.moved < r.jpeg]:
        yield message("doubt.jpeg", families=family_list(lost))
    if lost := [r for r in learnt if r.role == "used" and r.closed < _LITTLE]:
        yield message("doubt.little", families=family_list(lost))


def family_list(rows: Sequence[Effect]) -> tuple[Message, ...]:
    found = dict.fromkeys((row.family, row.role) for row in rows)  # once, whatever the size
    return tuple(message("doubt.family", family=name, role=ROLES[role]) for name, role in found)


def about_faces(plan: Plan) -> Iterator[Message]:
    if found := found_of(plan.recipe.name, plan.score):
        shares = {"used": found.used, "left": found.left, "unknown": found.unknown}
        known = {"people": found.people, "score": found.score, "clean": found.clean}
        yield message("doubt.face_measured", **known, **shares, high=found.high)
    yield message("doubt.decoy" if plan.recipe.name == "foggysight" else "doubt.face_transfer")
    if len(plan.faces) > 1:
        yield message("doubt.face_largest", count=len(plan.faces))
    if not plan.held_out:
        yield message("lookup.no_held_out")


def about_families(plan: Plan, rows: Sequence[Effect]) -> Iterator[Message]:
    if plan.faces:
        return
    if is_shipped(plan.model):
        yield message("doubt.research")
    if plan.surrogates == (SMALL,):
        yield from about_embedded()
    if not plan.held_out:
        yield message("doubt.transfer")
    if all(math.isnan(row.closed) for row in rows):
        yield message("doubt.aimless")
    if plan.recipe.name != "cloak" and plan.caption:
        yield message("doubt.caption", caption=plan.caption)


def about_embedded() -> Iterator[Message]:
    """The measured weakness of the encoder that ships: the first limits of its model card."""
    yield message("doubt.embedded")
    paintings, others, strangers = LIMITS
    yield message(
        "doubt.embedded_measured", paintings=paintings, others=others, strangers=strangers
    )


def about_trials(trials: Sequence[Trial]) -> Iterator[Message]:
    yield from about_size([one for one in trials if at_training_size(one)])
    gone = [t for t in trials if t.verdict == "removed" and not at_training_size(t)]
    if told := tuple(trial.says for trial in gone if trial.kind == "handling"):
        yield message("doubt.removed_handling", handlings=told)
    if told := tuple(trial.says for trial in gone if trial.kind == "removal"):
        yield message("doubt.removed_removal", removers=told)
    if told := tuple(trial.says for trial in trials if trial.verdict == "not run"):
        yield message("doubt.untried", removers=told)


def about_size(trials: Sequence[Trial]) -> Iterator[Message]:
    """A doubt about the training size at which least of the effect is left."""
    known = [trial for trial in trials if not math.isnan(trial.left)]
    worst = min(known, key=lambda trial: trial.left, default=None)
    if worst and worst.left < WEAKENED:
        yield message("doubt.size", side=worst.side, left=worst.left)


def about_cost(plan: Plan, cost: Cost) -> Iterator[Message]:
    if cost.lpips is None and (why := unfit()):
        yield why
    if cost.changed_share and cost.ssimulacra2 < plan.score - _MISSED:
        yield message("doubt.visible", score=cost.ssimulacra2, wanted=plan.score)


def about_scope(plan: Plan, sight: Sight) -> Iterator[Message]:
    idle = (plan.allowance == 0).float().mean().item()
    if idle > _LEFT_OUT and not plan.faces:  # a face cloak leaves the rest alone on purpose
        yield message("doubt.untouched", share=idle)
    height, width = sight.clean.shape[1:]
    if plan.faces:
        return
    down, across = (part.stop - part.start for part in (sight.rows, sight.columns))
    if down * across < 0.5 * height * width:
        yield message("doubt.part", across=across, down=down, width=width, height=height)
