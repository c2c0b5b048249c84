"""Any full autoencoder of a local diffusers folder: the encoder that the models themselves use.

Not in the list of names: it is named by its folder, `--surrogates ~/models/stable-diffusion-1-5`.
Nine times the cost of a tiny encoder (558 against 61 GMAC at 512 x 512).
"""

from __future__ import annotations

from pathlib import Path

from torch import Tensor, nn

from ..errors import EntryMissing, WeightsMissing
from ..machine.weights.pipelines import part_at
from .base import Surrogate


class Mean(nn.Module):
    """The mean of the latent distribution: what an encoder says without its noise."""

    def __init__(self, autoencoder: nn.Module) -> None:
        super().__init__()
        self.autoencoder = autoencoder

    def forward(self, rgb: Tensor) -> Tensor:
        coded = self.autoencoder.encode(rgb)  # type: ignore[operator]
        latents: Tensor = coded.latent_dist.mean if hasattr(coded, "latent_dist") else coded[0]
        return latents


def local(folder: Path) -> Surrogate:
    """The autoencoder in `folder` itself or in its subfolder `vae`."""
    home = folder / "vae" if (folder / "vae" / "config.json").exists() else folder
    if not (home / "config.json").exists():
        raise WeightsMissing("surrogate.no_config", folder=folder)
    return Surrogate(
        covers=f"the models that use the autoencoder in {folder.name}",
        folder=str(home),
        licence="as its model",
        weights=(),
        load=lambda place: {folder.name: load_autoencoder(place)},
        expects=(-1, 1),
        wide=True,  # SDXL's gives no numbers in float16 (diffusers 7188)
    )


def load_autoencoder(folder: Path) -> nn.Module:
    try:
        from diffusers import AutoModel
        from diffusers.utils import logging as told
    except ImportError as error:
        raise EntryMissing("surrogate", "diffusers", "diffusers") from error
    told.set_verbosity_error()  # it warns of settings that it wrote itself
    part = part_at(folder)
    net: nn.Module = AutoModel.from_pretrained(
        str(folder), local_files_only=True, use_safetensors=True, variant=part.variant
    )
    return Mean(net.eval().requires_grad_(False))
