"""GrIDPure: a little noise and a few denoising steps of a local diffusion model, tile by tile."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..machine import weights
from ..messages import Message, message
from .base import Purifier, Scene

_FOLDER = "gridpure"
_TILE, _STRIDE = 256, 128
_ROUNDS, _DEPTH, _KEEP = 20, 10, 0.1  # rounds; diffusion steps; share of a round's input that stays


def missing(_: Scene) -> Message | None:
    if weights.present(_FOLDER) and find_spec("diffusers"):
        return None
    return message("gridpure.absent", folder=f"{_FOLDER}/unet")


@dataclass(frozen=True)
class Model:
    """diffusers' network and noise schedule; it ships no types that mypy could use."""

    net: Any
    schedule: Any


@lru_cache(maxsize=1)
def model(folder: Path) -> Model:
    from diffusers import DDPMScheduler, UNet2DModel

    net = UNet2DModel.from_pretrained(folder / "unet").eval().requires_grad_(False)
    return Model(net, DDPMScheduler(num_train_timesteps=1000, beta_schedule="linear"))


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    local = model(weights.folder_of(_FOLDER))
    height, width = rgb.shape[1:]
    down, right = (max(_TILE, -(-s // _STRIDE) * _STRIDE) - s for s in (height, width))
    picture = F.pad(rgb[None].float(), (0, right, 0, down), mode="replicate")
    for _ in range(_ROUNDS):
        picture = (1 - _KEEP) * tiled(picture, local, draw) + _KEEP * picture
    return picture[0, :, :height, :width].clamp(0, 1).to(rgb)


def tiled(picture: Tensor, local: Model, draw: Generator) -> Tensor:
    """Every tile denoised; tiles overlap and are averaged."""
    total, count = torch.zeros_like(picture), torch.zeros_like(picture)
    for top in range(0, picture.shape[2] - _TILE + 1, _STRIDE):
        for left in range(0, picture.shape[3] - _TILE + 1, _STRIDE):
            at = (..., slice(top, top + _TILE), slice(left, left + _TILE))
            total[at] += denoised(picture[at], local, draw)
            count[at] += 1
    return total / count


@torch.no_grad()
def denoised(tile: Tensor, local: Model, draw: Generator) -> Tensor:
    """The tile, noised to diffusion step _DEPTH and denoised; the network itself takes [-1, 1]."""
    noise = torch.randn(tile.shape, generator=draw).to(tile)
    x: Tensor = local.schedule.add_noise(2 * tile - 1, noise, torch.tensor([_DEPTH]))
    for step in range(_DEPTH, -1, -1):
        guess = local.net(x, step).sample[:, :3]  # some networks also predict a variance
        x = local.schedule.step(guess, step, x, generator=draw).prev_sample
    return ((x + 1) / 2).clamp(0, 1)


ENTRY = Purifier(
    says="GrIDPure, 20 rounds of 10 steps",
    kind="removal",
    differentiable=False,
    slow=True,
    apply=apply,
    source="Zhao et al. (2024): tiles of 256, stride 128, 10 steps x 20, gamma 0.1",
    missing=missing,
)
