"""How much change each pixel hides: much in texture, little in flats and along thin lines.

Flat areas and line art are where artists complain about visible cloaks. Plain local contrast would
take the surroundings of a thin line for texture and allow a halo there. The lowest local contrast
in a neighbourhood does not: beside a thin line there is always a flat side.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

LUMA = (0.299, 0.587, 0.114)
FLOOR = 0.12
"""Share of the reach that a perfectly flat area may use. At .35 smooth areas beside detail showed a
labyrinth pattern, and the change went where it is seen most (docs/eye.md, "Less in flat areas")."""
_HALF = 0.02  # local contrast at which the allowance is halfway between FLOOR and 1


def texture_allowance(rgb: Tensor) -> Tensor:
    """(3, H, W) in [0, 1] -> (1, H, W) in [FLOOR, 1]: share of the reach each pixel may use."""
    grey = sum(weight * plane for weight, plane in zip(LUMA, rgb, strict=True))[None, None]
    contrast = (box_mean(grey**2, 5) - box_mean(grey, 5) ** 2).clamp_min(0).sqrt()
    texture = box_mean(-F.max_pool2d(edge_padded(-contrast, 7), 7, stride=1), 9)
    return (FLOOR + (1 - FLOOR) * texture / (texture + _HALF))[0]


def box_mean(plane: Tensor, size: int) -> Tensor:
    """(1, 1, H, W) -> same: means over size x size pixels, edges repeated."""
    return F.avg_pool2d(edge_padded(plane, size), size, stride=1)


def edge_padded(plane: Tensor, size: int) -> Tensor:
    return F.pad(plane, (size // 2,) * 4, mode="replicate")
