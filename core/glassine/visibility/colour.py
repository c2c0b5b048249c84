"""How far smooth colour has moved: the kind of change that SSIMULACRA2 notices least."""

from __future__ import annotations

from math import ceil

import torch
import torch.nn.functional as F
from torch import Tensor

from ..pixels.srgb import to_linear

PATCH = 16  # pixels; what is finer is texture to the eye, not colour
TO_XYZ = (
    (0.412453, 0.357580, 0.180423),
    (0.212671, 0.715160, 0.072169),
    (0.019334, 0.119193, 0.950227),
)
WHITE = (0.95047, 1.0, 1.08883)  # D65
CUBIC = 0.008856  # below it CIELAB goes on in a straight line


@torch.no_grad()
def colour_shift(clean: Tensor, other: Tensor) -> float:
    """(3, H, W) in [0, 1], twice -> the mean distance in CIELAB (1976) between means of
    PATCH x PATCH pixels. People notice about 2 side by side."""
    height, width = clean.shape[1:]
    grid = ceil(height / PATCH), ceil(width / PATCH)
    one, two = (rgb_to_lab(F.adaptive_avg_pool2d(rgb[None], grid)) for rgb in (clean, other))
    return (one - two).square().sum(1).sqrt().mean().item()


def rgb_to_lab(rgb: Tensor) -> Tensor:
    """(B, 3, H, W) sRGB in [0, 1] -> CIELAB (1976) of the same shape, differentiable."""
    xyz = torch.einsum("ij,bjhw->bihw", torch.tensor(TO_XYZ).to(rgb), to_linear(rgb))
    share = xyz / torch.tensor(WHITE).to(rgb)[:, None, None]
    cubic = share.clamp(min=CUBIC) ** (1 / 3)
    x, y, z = torch.where(share > CUBIC, cubic, 7.787 * share + 4 / 29).unbind(1)
    return torch.stack((116 * y - 16, 500 * (x - y), 200 * (y - z)), 1)
