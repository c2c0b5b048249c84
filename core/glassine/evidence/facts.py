"""The facts of a run: what a second run needs, and what it should give."""

from __future__ import annotations

from typing import Any

from ..explore import training_sizes
from ..machine.device import Device
from ..pixels.grid import pixel_digest
from ..types import Protected
from ..version import engine_version
from .sight import Sight


def run_facts(protected: Protected, sight: Sight, device: Device) -> dict[str, Any]:
    """What a second run needs, and what it should give."""
    plan = protected.plan
    return {
        "engine": engine_version(),
        "recipe": plan.recipe.name,
        "goals": [goal.says for goal in plan.goals],
        "goal_names": [goal.name for goal in plan.goals],
        "score": float(plan.score),
        "steps": plan.steps,
        "warm": plan.warm,
        "draw": plan.recipe.draw,
        "also_at": list(training_sizes.training_sizes(plan)),
        "seed": plan.seed,
        "surrogates": list(plan.surrogates),
        "held_out": list(plan.held_out),
        "caption": plan.caption,
        "format": plan.export.format,
        "quality": plan.export.quality,
        "device": device.says,
        "steps_in": device.steps_in,
        "size": list(reversed(protected.rgb.shape[1:])),
        "measured": measured_box(sight),
        "sha256_clean_pixels": pixel_digest(plan.artwork.rgb, plan.artwork.keep.depth),
        "sha256_protected_pixels": pixel_digest(protected.rgb, plan.artwork.keep.depth),
        "notes": [*plan.artwork.notes, *protected.notes],
    }


def measured_box(sight: Sight) -> list[int]:
    """left, top, width, height of the part that was measured."""
    rows, columns = sight.rows, sight.columns
    return [columns.start, rows.start, columns.stop - columns.start, rows.stop - rows.start]
