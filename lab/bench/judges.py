"""The judges that benches ask. Only here are FLIP and DISTS asked; the engine knows neither.

FLIP (Andersson et al., 2020) comes with the package flip-evaluator. DISTS (Ding et al., 2020) comes
with dists-pytorch; it needs VGG16's trunk and its own weights, which are read from the folder
`perceptual` beside the encoders ($GLASSINE_MODELS). What is missing is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from glassine.visibility import colour_shift, fsim, haarpsi_figure, lpips, mdsi, ssimulacra2, vsi
from safetensors.torch import load_file
from torch import Tensor
from torchvision import models

Judge = Callable[[Tensor, Tensor], float | None]
"""Two pictures (3, H, W) in [0, 1], the original first -> what the judge says of the second."""

_TRUNK, _OWN = "vgg16_features.fp16.safetensors", "dists_alpha_beta.pt"


def flip(clean: Tensor, other: Tensor) -> float:
    """Mean FLIP error, 0 to 1, lower is closer, as seen on a screen at 67 pixels per degree."""
    from flip_evaluator import evaluate

    first, second = (one.permute(1, 2, 0).contiguous().numpy() for one in (clean, other))
    _, error, _ = evaluate(first, second, "LDR", applyMagma=False)
    return float(error)


@torch.no_grad()
def dists(clean: Tensor, other: Tensor) -> float:
    """Distance of structure and texture on VGG16, from 0 up, lower is closer."""
    return float(dists_net()(clean[None], other[None]))


@lru_cache(maxsize=1)
def dists_net() -> Any:  # noqa: ANN401 - the package has no types
    from DISTS_pytorch import DISTS

    trunk = models.vgg16(weights=None)
    state = {name: one.float() for name, one in load_file(perceptual() / _TRUNK).items()}
    trunk.features.load_state_dict(state)
    with patch.object(models, "vgg16", lambda **_: trunk):  # which it would download
        made = DISTS(load_weights=False)
    own = torch.load(perceptual() / _OWN, weights_only=True)
    made.alpha.data, made.beta.data = own["alpha"], own["beta"]
    return made.eval()


def perceptual() -> Path:
    return Path(os.environ.get("GLASSINE_MODELS", ".")) / "perceptual"


def at_hand() -> Mapping[str, Judge]:
    """Those that are in the loop or in `settle`, and those that are held out."""
    found: dict[str, Judge] = {
        "ssimulacra2": ssimulacra2,
        "haarpsi": haarpsi_figure,
        "lpips": lpips,
        "colour": colour_shift,
        "fsim": fsim,
        "vsi": vsi,
        "mdsi": mdsi,
    }
    if find_spec("flip_evaluator"):
        found["flip"] = flip
    if find_spec("DISTS_pytorch") and (perceptual() / _TRUNK).exists():
        found["dists"] = dists
    return found
