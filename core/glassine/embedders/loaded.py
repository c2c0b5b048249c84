"""Embedders as functions on a device. Loaded networks are cached for the next face."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from torch import Tensor

from ..errors import WeightsMissing
from ..machine import weights
from ..machine.device import Device
from . import EMBEDDERS, SHIPPED, Embed, Embedder


def present_embedders() -> tuple[str, ...]:
    """Embedders whose weights ship, or lie on this machine as they were published."""
    return tuple(name for name in EMBEDDERS if usable(name))


def usable(name: str) -> bool:
    entry = EMBEDDERS[name]
    if not entry.weights:
        return True
    try:
        embedder_folder(entry)
    except WeightsMissing:
        return False
    return True


def attackable(names: tuple[str, ...]) -> tuple[str, ...]:
    """Of these, the ones that may be optimised against."""
    return tuple(name for name in names if not EMBEDDERS[name].measures_only)


def embedder_folder(entry: Embedder) -> Path:
    """Where its weights lie: in the package, or among the downloads; raises WeightsMissing."""
    return weights.verified_folder(entry.folder, entry.weights) if entry.weights else SHIPPED


@lru_cache(maxsize=16)
def embedder(name: str, device: Device) -> Embed:
    """An embedder on a device, in float32: it is small, and cloaks need exact gradients."""
    entry = EMBEDDERS[name]
    net = entry.load(embedder_folder(entry)).to(device.kind)
    embed = entry.encoder(net)

    def run(faces: Tensor) -> Tensor:
        return embed(faces.to(device.kind).float())

    return run
