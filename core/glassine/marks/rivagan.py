"""RivaGAN's two networks, used at one fixed size so that any picture can carry and give the bits.

Zhang et al., "Robust Invisible Video Watermarking with Attention" (2019). The weights are those
that invisible-watermark 0.2.0 ships (both MIT; THIRD_PARTY.md, scripts/convert_rivagan.py); the
networks are written out here because a decoder with gradients lets the mark be fitted to the
picture, which a flat picture needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import lru_cache
from itertools import count
from pathlib import Path

import torch
from safetensors.torch import load
from torch import Generator, Tensor, nn
from torch.nn.functional import interpolate, softplus

from ..errors import WeightsMissing
from ..units import Levels, to_unit

SIDE = 256
BITS = 32
_FILE = Path(__file__).with_name("weights") / "rivagan.safetensors"
_SHA256 = "88945d841b003ccfcdb72b789d4d7885c866f9c04a64cb8d2bc29fc31e018e38"
_STRENGTH = 0.016  # of [-1, 1]: what the encoder's output is multiplied by, as in its graph
_CLEAR = 6.0  # loudness at which a bit needs no more fitting
LARGEST = to_unit(Levels(3))
"""What the mark may change at most: the encoder's own peak."""


def _stack(before: int, after: int) -> nn.Sequential:
    """Two 11 x 11 convolutions; tanh and normalisation after the first."""
    return nn.Sequential(
        nn.Conv2d(before, BITS, 11, padding=5),
        nn.Tanh(),
        nn.BatchNorm2d(BITS),
        nn.Conv2d(BITS, after, 11, padding=5),
    )


def _attention() -> nn.Sequential:
    return nn.Sequential(*_stack(3, BITS), nn.Tanh(), nn.BatchNorm2d(BITS), nn.Softmax(dim=1))


class Encoder(nn.Module):
    """A frame in [-1, 1] and bits in {-1, 1} -> the frame that carries them."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.conv = _attention(), _stack(4, 3)

    def forward(self, frame: Tensor, bits: Tensor) -> Tensor:
        heeded = (self.attention(frame) * bits[..., None, None]).sum(1, keepdim=True)
        changed: Tensor = self.conv(torch.cat([frame, heeded], 1)).tanh()
        return frame + _STRENGTH * changed


class Decoder(nn.Module):
    """A frame in [-1, 1] -> 32 numbers, positive for a set bit."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.conv = _attention(), _stack(3, BITS)

    def forward(self, frame: Tensor) -> Tensor:
        said: Tensor = self.conv(frame) * self.attention(frame)
        return said.mean((2, 3))


@lru_cache(maxsize=1)
def networks() -> tuple[Encoder, Decoder]:
    """Both, on the CPU, without gradients for their weights."""
    data = _FILE.read_bytes() if _FILE.is_file() else b""
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise WeightsMissing(
            f"The watermark needs {_FILE}, which is missing or damaged. "
            f"Install Glassine again; the file is part of it."
        )
    weights, encoder, decoder = load(data), Encoder(), Decoder()
    for name, network in (("encoder", encoder), ("decoder", decoder)):
        mine = {key: value for key, value in weights.items() if key.startswith(name)}
        found = network.load_state_dict(
            {key.partition(".")[2]: value for key, value in mine.items()}, strict=False
        )
        assert not found.unexpected_keys, found
        network.eval().requires_grad_(False).to(memory_format=torch.channels_last)
    return encoder, decoder


def shrunk(picture: Tensor) -> Tensor:
    """(3, H, W) in [0, 1] -> (3, 256, 256), on the CPU."""
    small: Tensor = interpolate(
        picture[None].float().cpu(), (SIDE, SIDE), mode="bicubic", antialias=True
    )
    return small[0].clamp(0, 1)


def proposed(small: Tensor, bits: Tensor) -> Tensor:
    """(3, 256, 256) in [0, 1] and 32 bits in {-1, 1} -> what the encoder would add to it."""
    frame = small[None] * 2 - 1
    with torch.no_grad():
        marked = networks()[0](frame, bits[None]).clamp(-1, 1)
    change: Tensor = (marked - frame)[0] / 2
    return change


def heard(small: Tensor) -> Tensor:
    """(3, 256, 256) in [0, 1] -> 32 numbers: the sign is the bit, the size how clear it is."""
    said: Tensor = networks()[1](small[None] * 2 - 1)[0]
    return said


def fitted(
    small: Tensor, change: Tensor, room: Tensor, bits: Tensor, draw: Generator
) -> Iterator[Tensor]:
    """Better and better changes: the decoder hears the bits through them, also in crops.

    The encoder alone is not heard over a flat picture's own voice. Sign steps with momentum
    within the encoder's own largest change; every second look is at a random 90 % crop.
    small, change  (3, 256, 256); room (1, 256, 256) in [0, 1], what share may change
    """
    momentum = torch.zeros_like(change)
    for step in count():
        trial = change.clone().requires_grad_()
        seen = (small + trial * room).clamp(0, 1)
        said = heard(_crop(seen, draw) if step % 2 else seen) * bits
        (slope,) = torch.autograd.grad(softplus(_CLEAR - said).sum(), trial)
        momentum = 0.8 * momentum + slope / slope.abs().mean().clamp_min(1e-12)
        change = (change - LARGEST / 4 * momentum.sign()).clamp(-LARGEST, LARGEST)
        yield change


def _crop(seen: Tensor, draw: Generator) -> Tensor:
    side = round(SIDE * 0.9)
    top, left = torch.randint(0, SIDE - side + 1, (2,), generator=draw).tolist()
    part = seen[None, :, top : top + side, left : left + side]
    whole: Tensor = interpolate(part, (SIDE, SIDE), mode="bicubic")
    return whole[0].clamp(0, 1)
