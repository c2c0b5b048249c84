"""FFDNet (Zhang et al., 2018): convolutions on the picture at half size, its pixels unshuffled into
channels, with the noise level as one more channel."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor


@lru_cache(maxsize=1)
def layers(file: Path) -> tuple[tuple[Tensor, Tensor], ...]:
    """(weight, bias) of every convolution, in order, from KAIR's `ffdnet_color.pth`."""
    state = torch.load(file, map_location="cpu", weights_only=True)
    names = [name.removesuffix(".weight") for name in state if name.endswith(".weight")]
    return tuple((state[f"{n}.weight"].float(), state[f"{n}.bias"].float()) for n in names)


@torch.no_grad()
def denoised(file: Path, rgb: Tensor, sigma: float) -> Tensor:
    """(3, H, W) in [0, 1] -> same size, denoised for noise of that standard deviation on [0, 1]."""
    height, width = rgb.shape[1:]
    whole = F.pad(rgb[None].float(), (0, width % 2, 0, height % 2), mode="replicate")
    x = F.pixel_unshuffle(whole, 2)
    x = torch.cat((x, torch.full_like(x[:, :1], sigma)), 1)
    convolutions = layers(file)
    for at, (weight, bias) in enumerate(convolutions):
        x = F.conv2d(x, weight, bias, padding=1)
        x = F.relu(x) if at < len(convolutions) - 1 else x
    return F.pixel_shuffle(x, 2)[0, :, :height, :width].clamp(0, 1).to(rgb)
