"""The device that computes, and the number format that is fastest on it."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from itertools import islice, pairwise
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..errors import NotUsable
from ..messages import Message, message
from . import bytewise


@dataclass(frozen=True)
class Device:
    """A device that computes.

    kind   torch's name for it: "cpu", "cuda", "xpu", "mps"
    says   its name for people
    dtype  number format in which networks run
    in_bytes  whether gradients are computed in bytes, with `bytewise`: on a Zen 4 in .57 of
              bfloat16's time and .33 of float32's. It is off on processors with AMX, untried
    """

    kind: str
    says: Message
    dtype: torch.dtype
    in_bytes: bool = False

    @property
    def steps_in(self) -> str:
        """Name of the number format in which steps are taken: others may give other pixels."""
        return "bytes" if self.in_bytes else str(self.dtype).removeprefix("torch.")

    @property
    def layout(self) -> torch.memory_format:
        """Channels last, except on Apple's GPUs.

        It is 1.6-2.2 times faster on CPUs. On Apple's GPUs a convolution's backward pass is thirty
        times slower with it (pytorch 193349), and it failed there in torch 2.5 (142344).
        """
        return torch.contiguous_format if self.kind == "mps" else torch.channels_last


def choose(wish: str = "auto") -> Device:
    """The named device, or with "auto" the fastest one present."""
    if wish == "cpu":
        return cpu()  # without probing graphics cards: one that hangs may be the reason to ask
    found = {device.kind: device for device in usable_devices()}
    if wish == "auto":
        return next(iter(found.values()))
    if wish not in found:
        raise NotUsable("device.absent", wish=wish, found=tuple(found))
    return found[wish]


def usable_devices() -> list[Device]:
    """Every usable device, fastest kind first."""
    return [*usable_cards(), cpu()]


def cpu() -> Device:
    dtype = torch.bfloat16 if has_fast_bfloat16() else torch.float32
    in_bytes = not torch.cpu._is_amx_tile_supported() and bytewise.usable()
    says = message("device.cpu", count=torch.get_num_threads())
    return Device("cpu", says, dtype, in_bytes)


def usable_cards() -> Iterator[Device]:
    """Graphics cards, each in the first number format that works on it."""
    for card in seen_cards():
        yield from islice(working_formats(*card), 1)


def working_formats(kind: str, says: Message, *dtypes: torch.dtype) -> Iterator[Device]:
    """That card with each number format that works on it."""
    return filter(works, (Device(kind, says, dtype) for dtype in (*dtypes, torch.float32)))


def seen_cards() -> Iterator[tuple[str, Message, *tuple[torch.dtype, ...]]]:
    """Kind, name and fast number formats of every card that torch sees."""
    if torch.cuda.is_available():  # ROCm builds answer here too
        maker = "AMD" if torch.version.hip else "NVIDIA"
        # Before Ampere bfloat16 is emulated: it is slow, and cuDNN has no convolutions for it.
        real = torch.cuda.is_bf16_supported(including_emulation=False)
        short = (torch.bfloat16, torch.float16) if real else (torch.float16,)
        yield "cuda", card_of(maker, torch.cuda.get_device_name()), *short
    if hasattr(torch, "xpu") and torch.xpu.is_available():
        says = card_of("Intel", torch.xpu.get_device_name())
        yield "xpu", says, torch.bfloat16, torch.float16
    if torch.backends.mps.is_available():
        yield "mps", message("device.apple"), torch.float16


def card_of(maker: str, name: str) -> Message:
    return message("device.card", maker=maker, name=name)


@cache
def works(device: Device) -> bool:
    """Whether a gradient computed on that device equals the processor's: tried once.

    torch lists cards that it has no kernels for (the GTX 10 since CUDA 13), and on others
    convolutions in 16 bits give NaN (on the GTX 16 in float16, pytorch 58123).
    """
    exact = replace(device, kind="cpu", dtype=torch.float32)
    try:
        there, here = probe_gradient(device), probe_gradient(exact)
    except RuntimeError:
        return False
    return bool((there - here).norm() < 0.1 * here.norm())


@torch.enable_grad()  # the first caller may have switched gradients off
def probe_gradient(device: Device) -> Tensor:
    """(1, 32, 64, 64): the gradient of a few convolutions on random numbers."""
    draw, widths = Generator().manual_seed(1), (32, 64, 128, 256)
    at = torch.rand(1, widths[0], 64, 64, generator=draw).requires_grad_(True)
    x = at.to(device.kind, device.dtype).contiguous(memory_format=device.layout)
    for into, out in pairwise(widths):
        weight = torch.randn(out, into, 3, 3, generator=draw) / into
        weight = weight.to(device.kind, device.dtype).contiguous(memory_format=device.layout)
        x = F.relu(F.conv2d(x, weight, padding=1))
    return torch.autograd.grad(x.float().square().sum(), at)[0]


@contextmanager
def repeatable() -> Iterator[None]:
    """Makes cuDNN deterministic: without it sums are added in any order, and the same plan would
    not give the same pixels on a card."""
    before = torch.backends.cudnn.deterministic
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.backends.cudnn.deterministic = before


def has_fast_bfloat16() -> bool:
    """Whether bfloat16 beats float32 on this CPU.

    It does with AMX and on AMD since Zen 4. Intel's AVX-512 instruction alone runs at half rate:
    measured 1.6 times slower than float32 on a Xeon whose AMX was hidden.
    """
    if torch.cpu._is_amx_tile_supported():
        return True
    return torch.cpu._is_avx512_bf16_supported() and "AuthenticAMD" in processor()


def processor() -> str:
    """How the system describes its processor, maker included."""
    listed = Path("/proc/cpuinfo")
    return listed.read_text() if listed.exists() else platform.processor()
