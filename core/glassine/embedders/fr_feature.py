"""Faceplugin's embedder, from a commercial product; nobody says what it was trained on.

It is never optimised against: it stands for networks that no cloak was made against.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..machine.weights import Wanted
from .base import ARCFACE, CENTRED, Embedder

if TYPE_CHECKING:
    from torch import nn

FILE = "fr_feature.onnx"
ORIGIN = "https://unpkg.com/faceplugin-face-recognition-js@0.0.1/model"


def load(folder: Path) -> nn.Module:
    from .nets.session import Measured

    return Measured(folder / FILE)


ENTRY = Embedder(
    covers="Faceplugin's recognition; 512 numbers for a face, for measuring only",
    folder="fr_feature",
    licence="MIT (Faceplugin); training data unknown",
    weights=(Wanted(FILE, "c802151944d143481b781a687163a0bc8d7d02f8", origin=ORIGIN),),
    load=load,
    size=112,
    points=ARCFACE,
    dims=512,
    expects=CENTRED,
    measures_only=True,
)
