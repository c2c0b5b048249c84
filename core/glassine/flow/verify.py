"""Protected -> report: every measurement, in order, on what the codec gives back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count
from typing import TypeVar

from torch import Tensor

from ..evidence.captions import recaptioned
from ..evidence.controls import Controls, controls
from ..evidence.cost import cost
from ..evidence.doubts import doubts
from ..evidence.drift import Before, aimed, effects, viewers
from ..evidence.facts import run_record
from ..evidence.glance import glance
from ..evidence.offers import offer, offered
from ..evidence.sight import Sight, sighted
from ..evidence.trained import as_models_learn, measured_sizes, trained
from ..evidence.trials import Outcome, scene, trial
from ..evidence.wording import limits, threat
from ..explore.losses import denoiser_losses
from ..machine.device import choose
from ..types import Plan, Progress, Protected, Report, Watch, quiet

T = TypeVar("T")

USUAL = ("jpeg75", "half")
"""Purifiers that are tried on every copy: quick ones that sites apply. `glassine report` tries
more."""


def verify(
    protected: Protected,
    *,
    purifiers: Sequence[str] = (),
    sight: Sight | None = None,
    watch: Watch = quiet,
) -> Report:
    """Cost, effects beside their controls, and one trial per purifier.

    sight  of the same picture, where the caller has it already: so the file is encoded once
    """
    plan, device = protected.plan, choose(protected.plan.device)
    sight = sight or sighted(protected)
    eyes = viewers(plan, device, sight)
    names = offered(protected)
    step = steps(2 + sum(map(len, (eyes, measured_sizes(plan), purifiers, names))), watch)
    price = cost(sight)
    step()
    aims = aimed(eyes, (against := controls(plan, sight)).goals)
    step()
    posted = Before(eyes, against, aims, tuple(counted(effects(eyes, against, aims=aims), step)))
    reduced = tuple(counted(learned(plan, sight, posted), step))
    learnt = as_models_learn(plan, sight, posted, reduced)
    tried = (*reduced, *counted(endured(plan, sight, learnt, purifiers), step))
    trials = tuple(one for one, _ in tried)
    rows = (*posted.rows, *(row for _, after in tried for row in after))
    offers = tuple(counted((offer(name, protected, learnt) for name in names), step))
    called, unsure = recaptioned(protected)
    report = Report(
        cost=price,
        effects=rows,
        doubts=(*doubts(plan, sight, price, rows, trials), *unsure),
        record=replace(run_record(protected, sight, device), **called),
        trials=trials,
        threat=threat(plan),
        limits=limits(plan),
        offers=offers,
        denoised=tuple(denoiser_losses(plan, device, compared(against))),
    )
    return replace(report, glance=glance(plan, sight, report))


def compared(against: Controls) -> dict[str, Tensor]:
    """The pictures that a denoiser is shown, by their names in `Denoised`."""
    return {
        "original": against.clean,
        "protected": against.seen,
        "scattered": against.scattered,
        "jpeg": against.jpeg,
    }


def steps(total: int, watch: Watch) -> Callable[[], None]:
    """A function to be called after each of `total` steps; it tells the watcher."""
    done = count(1)
    return lambda: watch(Progress(next(done), total, "verify"))


def counted(found: Iterable[T], step: Callable[[], None]) -> Iterator[T]:
    """The same items; a step is counted for each."""
    for one in found:
        step()
        yield one


def learned(plan: Plan, sight: Sight, before: Before) -> Iterator[Outcome]:
    """What is left at each size of training."""
    for side in measured_sizes(plan):
        yield trained(side, plan, sight, before)


def endured(
    plan: Plan, sight: Sight, before: Before, purifiers: Sequence[str]
) -> Iterator[Outcome]:
    """What is left after each purifier."""
    if purifiers:
        around = scene(max(sight.clean.shape[1:]), choose(plan.device))
    for name in purifiers:
        yield trial(name, around, before, plan.seed)
