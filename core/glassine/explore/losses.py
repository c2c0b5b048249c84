"""A denoiser's loss on the original, the copy and the controls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor

from ..denoisers.loaded import denoiser, drawn_noise
from ..machine.device import Device
from ..pixels.pad import padded
from ..surrogates.encoders import encoders
from ..types import Denoised, Plan

LEVELS = (0.1, 0.3, 0.5, 0.7, 0.9)
"""Noise levels to measure at: 0 is the model's least noise, 1 its most."""
DRAWS = 4  # noises per level, the same for every picture


@torch.no_grad()
def denoiser_losses(plan: Plan, device: Device, shown: Mapping[str, Tensor]) -> Iterator[Denoised]:
    """The mean square of the denoiser's error, level by level; nothing where there is no model.

    shown  pictures (3, h, w), by their names in `Denoised`
    """
    if not plan.model:
        return
    sees = denoiser(plan.model, plan.prompt, device)
    (encode,) = encoders(plan.model, device).values()
    latents = {
        name: sees.latents(encode(padded(picture).to(device.kind)[None]))
        for name, picture in shown.items()
    }

    def loss(name: str, at: Tensor) -> float:
        one = latents[name]
        errors = [sees.error(one, drawn_noise(one, seed), at) for seed in range(DRAWS)]
        return torch.stack(errors).square().mean().item()

    for level in LEVELS:
        at = torch.tensor([round(level * (len(sees.noise.times) - 1))])
        yield Denoised(level=level, **{name: loss(name, at) for name in shown})
