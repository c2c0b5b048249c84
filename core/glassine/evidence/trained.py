"""What is left once the picture is reduced to the size at which models are trained.

Training pictures are reduced before anything is learned from them, and reduction averages fine
detail away. What is left is measured here whatever the optimiser did about it.
"""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ..explore.training_sizes import SIZES, reduced_to, training_sizes
from ..messages import message
from ..types import Effect, Plan, Trial
from .controls import controls
from .drift import Before, aimed, effects
from .sight import Sight, part
from .trials import TRAINED, share_left, verdict


def measured_sizes(plan: Plan) -> tuple[int, ...]:
    """The training sizes to which this picture would be reduced, where there is a goal."""
    if plan.faces or not plan.goals:
        return ()
    return training_sizes(*plan.artwork.rgb.shape[1:])


def trained(
    side: int, plan: Plan, sight: Sight, before: Before
) -> tuple[Trial, tuple[Effect, ...]]:
    """The effect at that size, beside the blend that looks the same at full size."""

    def small(picture: Tensor) -> Tensor:
        return reduced_to(picture, side)

    clean, seen = small(sight.clean), small(sight.seen)
    rows, columns = part(clean, seen, sight.rows.stop - sight.rows.start)
    goals = tuple(replace(goal, picture=small(goal.picture)) for goal in plan.goals)
    there = Sight(clean, seen, rows, columns, sight.sizes)
    against = controls(replace(plan, goals=goals), there, before.controls.share)
    name = f"{TRAINED}{side}"
    aims = aimed(before.viewers, against.goals)
    after = tuple(effects(before.viewers, against, after=name, aims=aims, short=True))
    says, left = message("trial.trained", side=side), share_left(before.rows, after)
    return Trial(name, says, "handling", SIZES[side], verdict(left), left), after
