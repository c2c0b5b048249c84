"""MobileFace: half a million numbers, as phones and web pages run it."""

from __future__ import annotations

from pathlib import Path

from torch import nn

from .base import ARCFACE, CENTRED, Embedder
from .nets.mobile import Mobileface
from .nets.packed import unpacked


def load(folder: Path) -> nn.Module:
    """In float16, by scripts/convert_faces.py; more: its model card."""
    return Mobileface(unpacked(folder / "mobileface.safetensors")).eval().requires_grad_(False)


ENTRY = Embedder(
    covers="MobileFace, with 256 numbers",
    folder="weights",
    licence="MIT (becauseofAI)",
    load=load,
    size=112,
    points=ARCFACE,
    dims=256,
    expects=CENTRED,
)
