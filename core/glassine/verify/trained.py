"""What is left once the picture is reduced to the size at which models are trained.

Training pictures are reduced before anything is learned from them. A change is optimised at the
size of the picture, where it consists of fine detail, and reduction averages fine detail away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from torch import Tensor

from ..purifiers import Purifier
from ..targets.resize import lanczos
from ..types import Effect, Plan, Trial
from .controls import controls
from .drift import Viewer, aimed, effects
from .sight import Sight, part
from .trials import TRAINED, judged

SIZES = {
    1024: "SDXL, SD 3, FLUX; Podell et al. (2023), 2.3",
    512: "Stable Diffusion 1 and 2; Rombach et al. (2022), model cards",
}
"""Shorter side in pixels -> models that are trained at about that size, and where it says so."""

MATTERS = 1.25  # times as large as a training picture; below that little is lost


def sizes(plan: Plan) -> tuple[int, ...]:
    """The training sizes that this picture would be reduced to, where there is a goal."""
    shorter = min(plan.artwork.rgb.shape[1:])
    return tuple(side for side in SIZES if plan.goals and shorter >= MATTERS * side)


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


def shrunk(picture: Tensor, side: int) -> Tensor:
    """(3, H, W) -> its shorter side that long, as data loaders do it."""
    height, width = picture.shape[1:]
    factor = side / min(height, width)
    return lanczos(picture, round(height * factor), round(width * factor))
