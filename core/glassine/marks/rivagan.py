"""RivaGAN's decoder, used at one fixed size so that pictures of any size can carry the bits.

Zhang et al., "Robust Invisible Video Watermarking with Attention" (2019). The weights are those
that invisible-watermark 0.2.0 ships (both MIT; THIRD_PARTY.md, scripts/convert_rivagan.py). The
decoder is reimplemented in torch for its gradients: a mark that is fitted to the picture is less
visible than what RivaGAN's encoder adds, and only so can flat pictures carry one.
"""

from __future__ import annotations

import hashlib
import math
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
from .fourier import FixedConvolution

SIDE = 256
BITS = 32
_FILE = Path(__file__).with_name("weights") / "rivagan.safetensors"
_SHA256 = "a995a2fbb3aefc597b6af4678b47fea25e4eb76a828d7a571b3ea7c277dd7a6f"
_CLEAR = 6.0  # the decoder's output at which a bit is clear enough to be fitted no further
LARGEST = to_unit(Levels(3))
"""The most that the mark may change a value: the peak of RivaGAN's own encoder."""
_STEP = to_unit(Levels(0.13))  # root mean square of a step's change; momentum makes it up to three


def _stack(before: int, after: int) -> nn.Sequential:
    """Two 11 x 11 convolutions; tanh and normalisation after the first."""
    return nn.Sequential(
        FixedConvolution(before, BITS, 11),
        nn.Tanh(),
        nn.BatchNorm2d(BITS),
        FixedConvolution(BITS, after, 11),
    )


def _attention() -> nn.Sequential:
    return nn.Sequential(*_stack(3, BITS), nn.Tanh(), nn.BatchNorm2d(BITS), nn.Softmax(dim=1))


class Decoder(nn.Module):
    """(N, 3, H, W) in [-1, 1] -> (N, 32) numbers, positive for a set bit."""

    def __init__(self) -> None:
        super().__init__()
        self.attention, self.conv = _attention(), _stack(3, BITS)

    def forward(self, frame: Tensor) -> Tensor:
        said: Tensor = self.conv(frame) * self.attention(frame)
        return said.mean((2, 3))


@lru_cache(maxsize=1)
def watermark_decoder() -> Decoder:
    """The decoder on the CPU, without gradients for its weights."""
    data = _FILE.read_bytes() if _FILE.is_file() else b""
    if hashlib.sha256(data).hexdigest() != _SHA256:
        raise WeightsMissing("rivagan.damaged", file=_FILE)
    network = Decoder()
    found = network.load_state_dict(load(data), strict=False)  # batch norm's counters are missing
    assert not found.unexpected_keys, found
    network.eval().requires_grad_(False)
    return network


def to_frame(picture: Tensor) -> Tensor:
    """(3, H, W) in [0, 1] -> (3, 256, 256), on the CPU."""
    small: Tensor = interpolate(
        picture[None].float().cpu(), (SIDE, SIDE), mode="bicubic", antialias=True
    )
    return small[0].clamp(0, 1)


def heard(small: Tensor) -> Tensor:
    """(3, 256, 256) in [0, 1] -> 32 numbers: the sign is the bit, the magnitude its clarity."""
    said: Tensor = watermark_decoder()(small[None] * 2 - 1)[0]
    return said


def fitted(small: Tensor, room: Tensor, bits: Tensor, draw: Generator) -> Iterator[Tensor]:
    """Growing changes of `small` by which the decoder reads the bits ever more clearly, also from
    crops.

    Gradient steps of equal norm, with momentum, for as long as the caller wants more. On a painting
    the bits are as clear as with RivaGAN's own encoder at SSIMULACRA2 87 instead of 81.

    small  (3, 256, 256) in [0, 1]
    room   (1, 256, 256) in [0, 1]: share that each pixel may change
    bits   (32,), each -1 or 1
    """
    change, momentum = torch.zeros_like(small), torch.zeros_like(small)
    energy = _STEP * math.sqrt(small.numel())
    for step in count():
        trial = change.clone().requires_grad_()
        seen = (small + trial * room).clamp(0, 1)
        said = heard(_crop(seen, draw) if step % 2 else seen) * bits
        (gradient,) = torch.autograd.grad(softplus(_CLEAR - said).sum(), trial)
        momentum = 0.7 * momentum + gradient / gradient.norm().clamp_min(1e-12)
        change = (change - energy * momentum).clamp(-LARGEST, LARGEST)
        yield change


def _crop(seen: Tensor, draw: Generator) -> Tensor:
    """A random crop of nine tenths of the sides, enlarged to SIDE again."""
    side = round(SIDE * 0.9)
    top, left = torch.randint(0, SIDE - side + 1, (2,), generator=draw).tolist()
    part = seen[None, :, top : top + side, left : left + side]
    whole: Tensor = interpolate(part, (SIDE, SIDE), mode="bicubic")
    return whole[0].clamp(0, 1)
