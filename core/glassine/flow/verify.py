"""Protected -> report: every measurement, in order, on what the codec gives back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from ..evidence.captions import recaptioned
from ..evidence.controls import controls
from ..evidence.cost import cost
from ..evidence.doubts import doubts
from ..evidence.drift import Before, aimed, effects, viewers
from ..evidence.facts import run_record
from ..evidence.glance import glance
from ..evidence.offers import offer, offered
from ..evidence.sight import Sight, sighted
from ..evidence.trained import measured_sizes, trained
from ..evidence.trials import scene, trial
from ..evidence.wording import LIMITS, threat
from ..machine.device import choose
from ..types import Effect, Offer, Plan, Progress, Protected, Report, Trial, Watch, quiet

USUAL = ("jpeg75", "half")
"""What is tried with every copy, in seconds: what sites do to it. `report` tries all the others."""


def verify(
    protected: Protected,
    *,
    purifiers: Sequence[str] = (),
    sight: Sight | None = None,
    watch: Watch = quiet,
) -> Report:
    """Cost, effects beside their controls, and one trial per purifier.

    sight: where the caller needs what is measured too, so that the file is coded once.
    """
    plan, device = protected.plan, choose(protected.plan.device)
    sight = sight or sighted(protected)
    eyes = viewers(plan, device)
    names = offered(protected)
    total = 2 + len(eyes) + len(measured_sizes(plan)) + len(purifiers) + len(names)
    rows, trials = list[Effect](), list[Trial]()
    price = cost(sight)
    watch(Progress(1, total, "verify"))
    against = controls(plan, sight)
    watch(Progress(2, total, "verify"))
    aims = aimed(eyes, against.goals)
    for row in effects(eyes, against, aims=aims):
        rows.append(row)
        watch(Progress(2 + len(rows), total, "verify"))
    before = Before(eyes, against, aims, tuple(rows))
    for tried, after in endured(plan, sight, before, purifiers):
        trials.append(tried)
        rows += after
        watch(Progress(2 + len(eyes) + len(trials), total, "verify"))
    lighter = list[Offer]()
    for name in names:
        lighter.append(offer(name, protected, before))
        watch(Progress(total - len(names) + len(lighter), total, "verify"))
    called, unsure = recaptioned(protected)
    report = Report(
        cost=price,
        effects=tuple(rows),
        doubts=(*doubts(plan, sight, price, rows, trials), *unsure),
        record=replace(run_record(protected, sight, device), **called),
        trials=tuple(trials),
        threat=threat(plan),
        limits=LIMITS,
        offers=tuple(lighter),
    )
    return replace(report, glance=glance(plan, sight, report))


def endured(
    plan: Plan, sight: Sight, before: Before, purifiers: Sequence[str]
) -> Iterator[tuple[Trial, tuple[Effect, ...]]]:
    """What is left at the sizes of training, and after each purifier."""
    for side in measured_sizes(plan):
        yield trained(side, plan, sight, before)
    if purifiers:
        around = scene(max(sight.clean.shape[1:]), choose(plan.device))
    for name in purifiers:
        yield trial(name, around, before, plan.seed)
