"""What is left once the picture is reduced to the size at which models are trained.

Training pictures are reduced before anything is learned from them, and reduction averages fine
detail away. What is left is measured here whatever the optimiser did about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ..learned import SIZES, shrunk, smaller
from ..purifiers import Purifier
from ..types import Effect, Plan, Trial
from .controls import controls
from .drift import Viewer, aimed, effects
from .sight import Sight, part
from .trials import TRAINED, judged


def sizes(plan: Plan) -> tuple[int, ...]:
    """The training sizes to which this picture would be reduced, where there is a goal."""
    return smaller(min(plan.artwork.rgb.shape[1:])) if plan.goals else ()


def trained(
    side: int,
    plan: Plan,
    sight: Sight,
    share: float,
    eyes: tuple[Viewer, ...],
    before: Sequence[Effect],
) -> tuple[Trial, tuple[Effect, ...]]:
    """The effect at that size, beside the blend (`share`) that looks the same at full size."""

    def small(picture: Tensor) -> Tensor:
        return shrunk(picture, side)

    clean, seen = small(sight.clean), small(sight.seen)
    rows, columns = part(clean, seen, sight.rows.stop - sight.rows.start)
    goals = tuple(replace(goal, picture=small(goal.picture)) for goal in plan.goals)
    there = Sight(clean, seen, rows, columns, sight.sizes)
    against, name = controls(replace(plan, goals=goals), there, share), f"{TRAINED}{side}"
    aims = aimed(eyes, against.goals)
    after = tuple(effects(eyes, against, after=name, aims=aims, short=True))
    entry = Purifier(
        says=f"Shorter side reduced to {side} pixels, as for training",
        kind="handling",
        differentiable=False,
        apply=lambda picture, _: small(picture),
        source=SIZES[side],
        moves=True,
    )
    return judged(name, entry, before, after, against, against.seen), after
