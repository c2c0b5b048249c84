"""Five families in one small file that ships with Glassine: no download is needed to begin."""

from __future__ import annotations

from pathlib import Path

from safetensors.torch import load_file
from torch import nn

from .base import Surrogate
from .nets.slim import branches


def load(folder: Path) -> dict[str, nn.Module]:
    """Family -> thinned encoder, from `embedded.safetensors`; how it was made: its model card."""
    state = load_file(folder / "embedded.safetensors")
    nets = branches({name: value.float() for name, value in state.items()})
    return {family: net.eval().requires_grad_(False) for family, net in nets.items()}


ENTRY = Surrogate(
    covers="Stable Diffusion 1.x to 3.5 and FLUX.1 and 2, in a thinned likeness",
    folder="weights",
    licence="MIT (derived from TAESD)",
    weights=(),
    load=load,
    draw=1,
    families=("sd15", "sdxl", "sd3", "flux1", "flux2"),
)
