"""Tiny autoencoders (TAESD; O. Boer Bohan, MIT): 1.2 M parameters for a family's encoder.

Written after madebyollin/taesd `taesd.py`; same key names as its state dicts. Networks take and
give pictures in [0, 1].
"""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from ...causes import details_of
from ...errors import WeightsMissing
from ...messages import message

WIDTH = 64
HALVES = {"encoder": message("tiny.encoder"), "decoder": message("tiny.decoder")}


def conv(inside: int, outside: int, **options: object) -> nn.Conv2d:
    return nn.Conv2d(inside, outside, 3, padding=1, **options)  # type: ignore[arg-type]


class Block(nn.Module):
    """relu(three convolutions + x); FLUX.2 first mixes in a normalised 1 x 1 pool."""

    def __init__(self, width: int = WIDTH, *, pool: bool = False) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            conv(width, width), nn.ReLU(), conv(width, width), nn.ReLU(), conv(width, width)
        )
        self.pool = pooled(width) if pool else None

    def forward(self, x: Tensor) -> Tensor:
        if self.pool is not None:
            x = x + self.pool(x)
        return torch.relu(self.conv(x) + x)


def pooled(width: int) -> nn.Sequential:
    wide = 4 * width
    return nn.Sequential(
        nn.Conv2d(width, wide, 1, bias=False),
        nn.GroupNorm(4, wide),
        nn.ReLU(),
        nn.Conv2d(wide, width, 1, bias=False),
    )


class Clamp(nn.Module):
    """Soft limit of latents to (-3, 3)."""

    def forward(self, x: Tensor) -> Tensor:
        return torch.tanh(x / 3) * 3


def encoder(channels: int, *, pool: bool = False) -> nn.Sequential:
    """(B, 3, H, W) -> (B, channels, H / 8, W / 8); 61 GMAC at 512 x 512."""
    layers: list[nn.Module] = [conv(3, WIDTH), Block()]
    for stage in range(3):
        deepest = pool and stage == 2
        layers.append(conv(WIDTH, WIDTH, stride=2, bias=False))
        layers += [Block(pool=deepest) for _ in range(3)]
    return nn.Sequential(*layers, conv(WIDTH, channels))


def decoder(channels: int, *, pool: bool = False) -> nn.Sequential:
    """(B, channels, h, w) -> (B, 3, 8 h, 8 w), roughly in [0, 1]."""
    layers: list[nn.Module] = [Clamp(), conv(channels, WIDTH), nn.ReLU()]
    for stage in range(3):
        layers += [Block(pool=pool and stage == 0) for _ in range(3)]
        layers += [nn.Upsample(scale_factor=2), conv(WIDTH, WIDTH, bias=False)]
    return nn.Sequential(*layers, Block(), conv(WIDTH, 3))


def read_net(folder: Path, half: str, channels: int, *, pool: bool = False) -> nn.Sequential:
    """The "encoder" or "decoder" found in a folder: raw .pth, raw or diffusers safetensors."""
    net = (encoder if half == "encoder" else decoder)(channels, pool=pool)
    try:
        state = state_dict(folder, half)
        net.load_state_dict({name: value.float() for name, value in state.items()})
    except (RuntimeError, EOFError, OSError, UnpicklingError, SafetensorError) as error:
        said = details_of(error)
        raise WeightsMissing(
            "tiny.damaged", half=HALVES[half], folder=folder, details=said
        ) from error
    return net.eval().requires_grad_(False)


def state_dict(folder: Path, half: str) -> dict[str, Tensor]:
    for file in sorted(folder.glob(f"*{half}.pth")):
        state: dict[str, Tensor] = torch.load(file, map_location="cpu", weights_only=True)
        return state
    for file in sorted(folder.glob(f"*{half}.safetensors")):
        return load_file(file)
    whole = folder / "diffusion_pytorch_model.safetensors"
    if whole.exists():
        return renamed(load_file(whole), half)
    raise WeightsMissing("tiny.absent", name=folder.name, half=HALVES[half])


def renamed(state: dict[str, Tensor], half: str) -> dict[str, Tensor]:
    """diffusers' names -> the original's. diffusers does not count the decoder's clamp."""
    prefix, shift = f"{half}.layers.", int(half == "decoder")
    cut = {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}
    return {f"{int(k.split('.')[0]) + shift}.{k.split('.', 1)[1]}": v for k, v in cut.items()}
