"""dlib's network for faces: a slim ResNet-34 of 2017, still the one in most hobby programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..units import Unit, to_levels
from .base import Embedder

if TYPE_CHECKING:
    from torch import nn

MEAN = (122.782, 117.001, 104.298)  # of its training pictures, in levels
STEPS, SPAN = to_levels(Unit(1)), 256  # levels of a channel; what dlib divides by


def load(folder: Path) -> nn.Module:
    """Weights that scripts/convert_faces.py rounded to bytes; see their model card."""
    from .nets.packed import unpacked
    from .nets.resnet import Resnet

    return Resnet(unpacked(folder / "dlib.safetensors")).eval().requires_grad_(False)


ENTRY = Embedder(
    covers="dlib's face recognition, a ResNet-34; 128 numbers for a face",
    folder="weights",
    licence="CC0 (D. E. King)",
    load=load,
    size=150,
    # dlib's mean face with a margin of a quarter of its size, image_transforms/interpolation.h
    points=(
        (0.31699, 0.31066),
        (0.66984, 0.31066),
        (0.49342, 0.51042),
        (0.33610, 0.68682),
        (0.65074, 0.68682),
    ),
    dims=128,
    expects=(tuple(-m / SPAN for m in MEAN), tuple((STEPS - m) / SPAN for m in MEAN)),
    unit=False,
)
