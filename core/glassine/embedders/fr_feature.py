"""Faceplugin's embedder: what a shop's product runs. What it was trained on, nobody says.

So nothing is ever optimised against it: it stands for the networks that nobody here has seen.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn

from ..errors import EntryMissing
from ..machine.weights import Wanted
from .base import ARCFACE, CENTRED, Embedder

FILE = "fr_feature.onnx"
ORIGIN = "https://unpkg.com/faceplugin-face-recognition-js@0.0.1/model"


class Measured(nn.Module):
    """Runs on the processor through onnxruntime, face by face, and has no gradient."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        try:
            from onnxruntime import InferenceSession
        except ImportError as error:
            raise EntryMissing("embedder", "fr_feature", "onnxruntime") from error
        self._session = InferenceSession(str(path), providers=["CPUExecutionProvider"])

    def forward(self, faces: Tensor) -> Tensor:
        inside = faces.detach().cpu().numpy().astype(np.float32)
        rows = [self._session.run(None, {"input": one[None]})[0] for one in inside]
        return torch.from_numpy(np.concatenate(rows)).to(faces.device)


def load(folder: Path) -> nn.Module:
    return Measured(folder / FILE)


ENTRY = Embedder(
    covers="Faceplugin's recognition, with 512 numbers; for measuring only",
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
