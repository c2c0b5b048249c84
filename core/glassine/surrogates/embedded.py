"""Five families in one small file that ships with Glassine: no download is needed to begin."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..messages import message
from .base import Surrogate

if TYPE_CHECKING:
    from torch import nn

FILE, SCALE = "embedded.safetensors", ".scale"
LIMITS = (
    message("embedded.on_paintings"),
    message("embedded.on_other_pictures"),
    message("embedded.on_other_encoders"),
)
"""What it is known to do badly: the first limits on the model card beside its weights."""


def load(folder: Path) -> dict[str, nn.Module]:
    """Family -> encoder, most of whose weights were rounded to bytes: see the model card."""
    return load_branches(folder / FILE)


def load_branches(file: Path) -> dict[str, nn.Module]:
    """The same from any such file. A tensor of bytes has its scale per output channel beside it."""
    from safetensors.torch import load_file

    from .nets.slim import branches

    state = load_file(file)
    scales = {k.removesuffix(SCALE): state.pop(k) for k in list(state) if k.endswith(SCALE)}
    whole = {k: value.float() for k, value in state.items()}
    for name, scale in scales.items():
        whole[name] *= scale.float()[:, None, None, None]
    return {family: net.eval().requires_grad_(False) for family, net in branches(whole).items()}


def sees(folder: Path) -> nn.Module:
    """The decoder of FLUX.2's likeness as its makers publish it: taef2_decoder.md."""
    from .nets.tiny import read_net

    return read_net(folder, "decoder", channels=32, pool=True)


ENTRY = Surrogate(
    covers="Stable Diffusion 1.x to 3.5 and FLUX.1 and 2, in a rounded likeness",
    folder="weights",
    licence="MIT (derived from TAESD)",
    weights=(),
    load=load,
    sees=sees,
    seen_as="flux2",
    families=("sd15", "sdxl", "sd3", "flux1", "flux2"),
)
