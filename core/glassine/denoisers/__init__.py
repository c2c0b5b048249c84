"""Denoisers the optimiser may look through. To add one: a file here, and its name below.

None is fetched: each loads from a folder that diffusers wrote, of the user's or, for research, the
one in `weights`.
`noise` has the noise schedules, `loaded` puts a denoiser onto a device, `lora` fine-tunes one.
"""

from __future__ import annotations

from pathlib import Path

from ..errors import WeightsMissing
from ..machine.weights.pipelines import pipeline_index
from ..messages import Field
from ..registry import Registry
from .base import Denoiser

DENOISERS: Registry[Denoiser] = Registry(
    __name__,
    Denoiser,
    names=(
        "sd",
        "sdxl",
        "sd3",
        "flux1",
    ),
)


def denoiser_in(folder: Path) -> Denoiser:
    """The entry whose pipeline that folder holds; raises WeightsMissing where no entry knows it."""
    found = str(pipeline_index(folder).get("_class_name", ""))
    for name in DENOISERS:
        if found in DENOISERS[name].pipelines:
            return DENOISERS[name]
    known: tuple[Field, ...] = tuple(DENOISERS.words(name) for name in DENOISERS)
    raise WeightsMissing("model.other_kind", folder=folder, found=found or "-", known=known)


__all__ = ["DENOISERS", "Denoiser", "denoiser_in"]
