"""What is left once the picture is reduced to the size at which models are trained.

Training pictures are reduced before anything is learned from them, and reduction averages fine
detail away. What is left is measured here whatever the optimiser did about it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ..explore.training_sizes import SIZES, reduced_to, side_of, training_sizes
from ..messages import message
from ..pixels.art import grid_on
from ..types import Plan, Trial
from .controls import controls
from .drift import Before, Treat, aimed, effects
from .sight import Sight, part
from .trials import TRAINED, Outcome, beyond_control, share_left, verdict

_WIDER = 2  # times the posted part's sides at most: removers take time by area


def measured_sizes(plan: Plan) -> tuple[int, ...]:
    """The training sizes to which this picture would be reduced, where there is a goal."""
    if plan.faces or not plan.goals:
        return ()
    return training_sizes(*plan.artwork.rgb.shape[1:])


def trained(side: int, plan: Plan, sight: Sight, before: Before) -> Outcome:
    """The effect at that size, beside the blend that looks the same at full size."""

    def small(picture: Tensor) -> Tensor:
        return reduced_to(picture, side)

    clean, seen = small(sight.clean), small(sight.seen)
    rows, columns = part(clean, seen, sight.rows.stop - sight.rows.start)
    there = Sight(clean, seen, rows, columns, sight.sizes)
    against = controls(made_small(plan, small), there, before.controls.share)
    aims, name = aimed(before.viewers, against.goals), f"{TRAINED}{side}"
    after = tuple(effects(before.viewers, against, after=name, aims=aims))
    most = max(before.rows, after, key=beyond_control)  # reduction may well bring more to light
    says, left = message("trial.trained", side=side), share_left(most, after)
    return Trial(name, says, "handling", SIZES[side], verdict(left), left, side=side), after


def made_small(plan: Plan, small: Treat) -> Plan:
    """The plan with what the controls need of it reduced: its goals, its grid, and which pixels
    may change, wherever that is half of a pixel or more."""
    allowed, grid = small((plan.allowance > 0).float()) >= 0.5, plan.art.grid
    return replace(
        plan,
        goals=tuple(replace(goal, picture=small(goal.picture)) for goal in plan.goals),
        allowance=allowed.float(),
        art=replace(plan.art, grid=grid and grid_on(grid, len(plan.allowance[0]), len(allowed[0]))),
    )


def as_models_learn(plan: Plan, sight: Sight, posted: Before, reduced: Sequence[Outcome]) -> Before:
    """What purifiers and other formats are compared with.

    Of a picture that training reduces it is a wider part, reduced to the training size at which
    the change does most. The change of such a picture is made for these sizes, and as posted it
    may do no more than its blend: of nothing, everything would be left. Else `posted`.

    reduced  what `trained` found at every training size of this picture
    """
    if not reduced:
        return posted
    side = max(reduced, key=lambda found: beyond_control(found[1]))[0].side
    factor = side / side_of(*sight.clean.shape[1:])

    def small(picture: Tensor) -> Tensor:
        return reduced_to(picture, factor * side_of(*picture.shape[1:]))

    against = controls(plan, widened(sight, min(_WIDER, 1 / factor)), posted.controls.share)
    aims = aimed(posted.viewers, [(small(picture), weight) for picture, weight in against.goals])
    name, eyes = f"{TRAINED}{side}", posted.viewers
    rows = tuple(effects(eyes, against, after=name, treat=small, aims=aims, short=True))
    return Before(eyes, against, aims, rows, small, side)


def widened(sight: Sight, times: float) -> Sight:
    """The same pictures with a part as many times as wide and high, as far as they reach."""
    height, width = sight.clean.shape[1:]
    rows, columns = (
        stretched(part, times, length)
        for part, length in ((sight.rows, height), (sight.columns, width))
    )
    return replace(sight, rows=rows, columns=columns)


def stretched(part: slice, times: float, length: int) -> slice:
    """`part` of `length`, longer around its middle, moved where it would leave the picture."""
    long = min(length, round((part.stop - part.start) * times))
    start = min(max(0, (part.start + part.stop - long) // 2), length - long)
    return slice(start, start + long)
