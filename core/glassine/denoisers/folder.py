"""A model's folder: every file is checked, and no weights are loaded."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..machine.weights.pipelines import Part, part_of, pipeline_index
from . import denoiser_in
from .base import Denoiser

if TYPE_CHECKING:
    from ..machine.device import Device

VAE = "vae"
TEXT = ("text_encoder", "text_encoder_2", "text_encoder_3")


@dataclass(frozen=True)
class Parts:
    """The parts of a model's folder that are used here."""

    folder: Path
    entry: Denoiser
    net: Part
    vae: Part
    texts: tuple[Part, ...]

    def bytes_on(self, device: Device) -> int:
        """Bytes of weights in memory at once: text encoders are freed before the rest is loaded."""
        each = device.dtype.itemsize
        return each * max(self.net.numbers + self.vae.numbers, sum(t.numbers for t in self.texts))


def parts_in(folder: Path) -> Parts:
    """The model in a folder; raises WeightsMissing where a file is missing, cut off or a pickle."""
    entry, index = denoiser_in(folder), pipeline_index(folder)
    texts = [name for name in TEXT if (index.get(name) or (None,))[0]]
    return Parts(
        folder,
        entry,
        part_of(folder, entry.part),
        part_of(folder, VAE),
        tuple(part_of(folder, name) for name in texts),
    )
