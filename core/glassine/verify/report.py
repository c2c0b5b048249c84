"""Protected -> report: every measurement, in order, on what the codec gives back."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from torch import Tensor

from .. import learned
from ..device import Device, choose
from ..pixels import to_array
from ..types import Effect, Plan, Progress, Protected, Report, Trial, Watch, quiet
from .controls import Controls, controls
from .cost import cost
from .doubts import doubts
from .drift import Aims, Viewer, aimed, effects, viewers
from .people import named
from .sight import Sight, sighted
from .trained import sizes, trained
from .trials import scene, trial
from .wording import LIMITS, threat


def verify(
    protected: Protected,
    *,
    purifiers: Sequence[str] = (),
    side: int | None = None,
    watch: Watch = quiet,
) -> Report:
    """Cost, effects beside their controls, and one trial per purifier.

    side: of the square that is measured, in pixels; without it what takes seconds here.
    """
    plan, device = protected.plan, choose(protected.plan.device)
    sight = sighted(protected, device, side)
    eyes = viewers(plan, device)
    total, rows, trials = 2 + len(eyes) + len(sizes(plan)) + len(purifiers), [], []
    price = cost(sight)
    watch(Progress(1, total, "verify"))
    against = controls(plan, sight)
    watch(Progress(2, total, "verify"))
    aims = aimed(eyes, against.goals)
    for row in effects(eyes, against, aims=aims):
        rows.append(row)
        watch(Progress(2 + len(rows), total, "verify"))
    for tried, after in endured(plan, sight, against, eyes, tuple(rows), aims, purifiers):
        trials.append(tried)
        rows += after
        watch(Progress(2 + len(eyes) + len(trials), total, "verify"))
    called, unsure = named(protected)
    return Report(
        cost=price,
        effects=tuple(rows),
        doubts=(*doubts(plan, sight, price, rows, trials), *unsure),
        facts=facts(protected, sight, device) | called,
        trials=tuple(trials),
        threat=threat(plan),
        limits=LIMITS,
    )


def endured(
    plan: Plan,
    sight: Sight,
    against: Controls,
    eyes: tuple[Viewer, ...],
    before: Sequence[Effect],
    aims: Aims,
    purifiers: Sequence[str],
) -> Iterator[tuple[Trial, tuple[Effect, ...]]]:
    """What is left at the sizes of training, and after each purifier."""
    for side in sizes(plan):
        yield trained(side, plan, sight, against.share, eyes, before)
    if purifiers:
        around = scene(max(sight.clean.shape[1:]), choose(plan.device))
    for name in purifiers:
        yield trial(name, around, against, eyes, before, aims, plan.seed)


def facts(protected: Protected, sight: Sight, device: Device) -> dict[str, Any]:
    """What a second run needs, and what it should give."""
    plan = protected.plan
    return {
        "engine": engine(),
        "recipe": plan.recipe.name,
        "goals": [goal.says for goal in plan.goals],
        "goal_names": [goal.name for goal in plan.goals],
        "score": float(plan.score),
        "steps": plan.steps,
        "warm": plan.warm,
        "draw": plan.recipe.draw,
        "also_at": list(learned.sizes(plan)),
        "seed": plan.seed,
        "surrogates": list(plan.surrogates),
        "held_out": list(plan.held_out),
        "resist": list(plan.recipe.resist),
        "caption": plan.caption,
        "format": plan.export.format,
        "quality": plan.export.quality,
        "device": device.says,
        "steps_in": device.steps_in,
        "size": list(reversed(protected.rgb.shape[1:])),
        "measured": box(sight),
        "sha256_clean_pixels": digest(plan.artwork.rgb, plan.artwork.keep.depth),
        "sha256_protected_pixels": digest(protected.rgb, plan.artwork.keep.depth),
        "notes": [*plan.artwork.notes, *protected.notes],
    }


def box(sight: Sight) -> list[int]:
    """left, top, width, height of the part that was measured."""
    rows, columns = sight.rows, sight.columns
    return [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]


def digest(rgb: Tensor, depth: int) -> str:
    return hashlib.sha256(to_array(rgb, depth).tobytes()).hexdigest()


def engine() -> str:
    try:
        return version("glassine")
    except PackageNotFoundError:
        return "from a checkout"
