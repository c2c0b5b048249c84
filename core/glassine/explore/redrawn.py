"""How a model redraws a picture that it is given (img2img)."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from ..denoisers.folder import parts_in
from ..denoisers.loaded import Model, autoencoder, denoiser, drawn_noise, encoded
from ..machine.device import Device
from ..pixels.pad import padded
from ..types import Plan

STRENGTH = 0.3
"""Noise level at which redrawing starts, as a share of the model's levels."""
LOOKS, SEED = 12, 1  # denoising steps; seed of the noise


@torch.no_grad()
def redrawn(plan: Plan, device: Device, *pictures: Tensor) -> list[Tensor]:
    """The pictures, (3, h, w) in [0, 1] each, as the plan's model redraws them with its prompt.

    They are noised, then denoised step by step (SDEdit, Meng et al., 2022; DDIM), without guidance.
    All get the same noise, so that every difference comes from the pictures.
    """
    sees = denoiser(plan.model, plan.prompt, device)
    coder = autoencoder(parts_in(Path(plan.model)), device)
    return [drawn_anew(sees, coder, one) for one in pictures]


def drawn_anew(sees: Model, coder: Any, picture: Tensor) -> Tensor:  # noqa: ANN401
    height, width = picture.shape[1:]
    latents = sees.latents(encoded(coder, padded(picture)[None]))
    clean = walked_back(sees, latents)
    made: Tensor = coder.decode(clean / sees.scale + sees.shift).sample / 2 + 0.5
    return made[0, :, :height, :width].clamp(0, 1).cpu()


def walked_back(sees: Model, latents: Tensor) -> Tensor:
    """The latents, noised to STRENGTH and denoised in LOOKS steps."""
    first = STRENGTH * (len(sees.noise.times) - 1)
    levels = [torch.tensor([round(first * (1 - at / LOOKS))]) for at in range(LOOKS + 1)]
    mixed = sees.noise.mixed(latents, drawn_noise(latents, SEED), levels[0])
    clean = latents
    for at, after in pairwise(levels):
        clean, noise = sees.noise.parted(sees.says(mixed, sees.noise.times[at]), mixed, at)
        mixed = sees.noise.mixed(clean, noise, after)
    return clean
