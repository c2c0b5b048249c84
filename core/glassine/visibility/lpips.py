"""LPIPS v0.1 on SqueezeNet 1.1 (Zhang et al., 2018), without torchvision. A judge only.

Its weights are optional: the folder `lpips_squeeze` of the models folder holds torchvision's
`squeezenet1_1().features` (BSD-3) and the official linear layers (BSD-2).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor

from ..machine import weights

FOLDER, BACKBONE = "lpips_squeeze", "SqueezeNet 1.1"
SMALLEST = 32  # pixels; below it the last pooling has nothing left

_SHIFT, _SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
_POOLED = (3, 6, 9)  # fire modules behind a pooling
_FIRES = (3, 4, 6, 7, 9, 10, 11, 12)
_TAPS = (4, 7, 9, 10, 11, 12)  # besides the first convolution

State = dict[str, Tensor]


def lpips_distance() -> Callable[[Tensor, Tensor], Tensor] | None:
    """(3, H, W) in [0, 1], twice -> scalar, differentiable; None while weights are missing."""
    if not weights.present(FOLDER):
        return None
    folder = weights.verified_folder(FOLDER)

    def apart(one: Tensor, other: Tensor) -> Tensor:
        trunk, linear = lpips_weights(folder, one.device)
        pairs = zip(taps(one, trunk), taps(other, trunk), linear, strict=True)
        return torch.stack(
            [F.conv2d((unit(a) - unit(b)).square(), w).mean() for a, b, w in pairs]
        ).sum()

    return apart


@lru_cache(maxsize=2)
def lpips_weights(folder: Path, device: torch.device) -> tuple[State, tuple[Tensor, ...]]:
    trunk, linear = (
        {name: value.float().to(device) for name, value in load_file(folder / file).items()}
        for file in ("backbone.safetensors", "linear.safetensors")
    )
    return trunk, tuple(linear[f"lin{at}.model.1.weight"] for at in range(len(linear)))


def taps(rgb: Tensor, trunk: State) -> Iterator[Tensor]:
    """Features after the first convolution and after six of the fire modules."""
    shift, scale = (torch.tensor(v, device=rgb.device).view(3, 1, 1) for v in (_SHIFT, _SCALE))
    x = (2 * rgb.float() - 1 - shift) / scale
    x = F.relu(F.conv2d(x[None], trunk["0.weight"], trunk["0.bias"], stride=2))
    yield x
    for at in _FIRES:
        x = F.max_pool2d(x, 3, 2, ceil_mode=True) if at in _POOLED else x
        x = fire(x, at, trunk)
        if at in _TAPS:
            yield x


def fire(x: Tensor, at: int, trunk: State) -> Tensor:
    def part(name: str, x: Tensor, padding: int = 0) -> Tensor:
        weight, bias = trunk[f"{at}.{name}.weight"], trunk[f"{at}.{name}.bias"]
        return F.relu(F.conv2d(x, weight, bias, padding=padding))

    x = part("squeeze", x)
    return torch.cat((part("expand1x1", x), part("expand3x3", x, 1)), 1)


def unit(features: Tensor) -> Tensor:
    """Channels scaled to length one at every place."""
    return features / (features.square().sum(1, keepdim=True).sqrt() + 1e-10)
