"""MobileFace: half a million weights, small enough for phones and web pages."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .base import ARCFACE, CENTRED, Embedder

if TYPE_CHECKING:
    from torch import nn


def load(folder: Path) -> nn.Module:
    """Weights that scripts/convert_faces.py stored in float16; see their model card."""
    from .nets.mobile import Mobileface
    from .nets.packed import unpacked

    return Mobileface(unpacked(folder / "mobileface.safetensors")).eval().requires_grad_(False)


ENTRY = Embedder(
    covers="MobileFace; 256 numbers for a face",
    folder="weights",
    licence="MIT (becauseofAI)",
    load=load,
    size=112,
    points=ARCFACE,
    dims=256,
    expects=CENTRED,
)
