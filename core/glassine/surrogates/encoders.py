"""Surrogates as functions on a device. Loaded networks are kept for the next job."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, lru_cache
from pathlib import Path

import torch
from torch import Tensor, nn

from ..errors import WeightsMissing
from ..machine import weights
from ..machine.device import Device, choose
from ..messages import Message, message
from . import SHIPPED, SURROGATES, Encoder, Surrogate, surrogate_named
from .nets.backward import CUT, gradient_twin


def present_surrogates() -> tuple[str, ...]:
    """Real surrogates whose weights are on this machine and can be used."""
    return tuple(name for name, fault in real_surrogates() if fault is None)


def unusable_surrogates() -> tuple[Message, ...]:
    """A message for each real surrogate whose weights are here but cannot be used."""
    return tuple(
        message("encoders.gone_round", name=name, reason=fault)
        for name, fault in real_surrogates()
        if fault
    )


def real_surrogates() -> Iterator[tuple[str, Message | None]]:
    """Those whose weights are here, each with what is wrong with them; None: nothing."""
    for name in SURROGATES:
        entry = SURROGATES[name]
        if entry.weights and weights.present(entry.folder):
            place = weights.folder_of(entry.folder)
            yield name, fault_of(name, place, place.stat().st_mtime_ns)


@lru_cache(maxsize=64)
def fault_of(name: str, place: Path, changed: int) -> Message | None:
    """Why that encoder cannot be used: its checksums do not match, or it does not load.

    place, changed  its folder, and when that last changed, so that a repaired one is read anew
    """
    entry = SURROGATES[name]
    try:
        entry.load(weights_folder(entry))
    except WeightsMissing as error:
        return error.message
    return None


def check_weights(names: Iterable[str]) -> None:
    """Raises WeightsMissing where weights that were asked for are not as they were published."""
    for name in names:
        weights_folder(surrogate_named(name))


@lru_cache(maxsize=16)
def encoders(name: str, device: Device) -> dict[str, Encoder]:
    """Family -> encoder taking and giving float32 on that device; sizes are multiples of 8."""
    entry = surrogate_named(name)
    found = on_device(entry, entry.load(weights_folder(entry)), device)
    if device.kind == "cpu":
        return found
    return {family: with_fallback(encode, name, family) for family, encode in found.items()}


def with_fallback(encode: Encoder, name: str, family: str) -> Encoder:
    """On the processor where a card is full or fails: measuring a result must not lose it."""

    def run(rgb: Tensor) -> Tensor:
        with suppress(RuntimeError):
            latents = encode(rgb)
            if latents.isfinite().all():
                return latents
        return encoders(name, choose("cpu"))[family](rgb)

    return run


@lru_cache(maxsize=16)
def gradient_encoders(name: str, device: Device) -> dict[str, Encoder]:
    """The same for the optimiser's steps: nearly the same latents, steadier gradients, and faster
    on CPUs that compute in bytes.

    Each is made at its first call: that takes a tenth of a second, and the few steps of a preview
    do not need all of them.
    """
    entry = surrogate_named(name)
    nets = entry.load(weights_folder(entry))
    return {family: at_first_call(entry, net, device) for family, net in nets.items()}


def at_first_call(entry: Surrogate, net: nn.Module, device: Device) -> Encoder:
    """The network's twin for steps, as a function on that device."""

    @cache
    def made() -> Encoder:
        twin = gradient_twin(net, CUT, device.in_bytes)
        in_bytes = device.in_bytes and twin is not net  # its blocks take and give float32
        at = replace(device, dtype=torch.float32) if in_bytes else device
        (encode,) = on_device(entry, {"": twin}, at).values()
        return encode

    return lambda rgb: made()(rgb)


@dataclass(frozen=True)
class Decoder:
    """Latents of one family -> picture, (B, C, h, w) -> (B, 3, 8 h, 8 w)."""

    family: str
    decode: Callable[[Tensor], Tensor]


@lru_cache(maxsize=2)
def decoder(name: str, device: Device) -> Decoder | None:
    """In float32 on that device: fewer digits would show in pixels. None: it has no decoder."""
    entry = surrogate_named(name)
    if entry.sees is None:
        return None
    exact = replace(device, dtype=torch.float32)
    net = laid_out(entry.sees(weights_folder(entry)), exact)
    return Decoder(entry.seen_as or name, cast(net, exact))


def on_device(entry: Surrogate, nets: dict[str, nn.Module], device: Device) -> dict[str, Encoder]:
    """Loaded networks as functions on that device, in float32 where float16 is too narrow."""
    if entry.wide and device.dtype == torch.float16:
        device = replace(device, dtype=torch.float32)
    return {
        family: cast(entry.encoder(laid_out(net, device)), device) for family, net in nets.items()
    }


def weights_folder(entry: Surrogate) -> Path:
    """Where the entry's weights lie: shipped, in a folder of the user's, or among the downloads."""
    if entry.weights:
        return weights.verified_folder(entry.folder, entry.weights)
    return SHIPPED if entry.folder == SHIPPED.name else Path(entry.folder)


def laid_out(net: nn.Module, device: Device) -> nn.Module:
    """The network in the number format and memory layout that are fastest on that device."""
    return net.to(device.kind, device.dtype).to(memory_format=device.layout)


def cast(encode: Encoder, device: Device) -> Encoder:
    def run(rgb: Tensor) -> Tensor:
        inside = rgb.to(device.kind, device.dtype).contiguous(memory_format=device.layout)
        return encode(inside).float()

    return run
