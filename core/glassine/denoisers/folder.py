"""The folder of a model, every file of it looked at and nothing loaded."""

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
    """What a folder holds."""

    folder: Path
    entry: Denoiser
    net: Part
    vae: Part
    texts: tuple[Part, ...]

    def bytes_on(self, device: Device) -> int:
        """Of weights that lie in memory at once: text encoders are gone before the rest comes."""
        each = device.dtype.itemsize
        return each * max(self.net.numbers + self.vae.numbers, sum(t.numbers for t in self.texts))


def parts_in(folder: Path) -> Parts:
    """Raises WeightsMissing, in words, where anything of it is missing, cut off or a pickle."""
    entry, index = denoiser_in(folder), pipeline_index(folder)
    texts = [name for name in TEXT if (index.get(name) or (None,))[0]]
    return Parts(
        folder,
        entry,
        part_of(folder, entry.part),
        part_of(folder, VAE),
        tuple(part_of(folder, name) for name in texts),
    )
