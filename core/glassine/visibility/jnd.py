"""How much change each pixel hides: much in texture, little in flats and along thin lines.

Flat areas and line art are where artists complain about visible cloaks. Plain local contrast
would call the surroundings of a thin line "texture" and ring there; the darkest value of local
contrast in a neighbourhood does not, because a line always has a flat side.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

_LUMA = (0.299, 0.587, 0.114)
FLOOR = 0.12
"""Share of the reach that a perfectly flat area keeps. At .35 smooth ground beside detail showed a
labyrinth, and effect went where it was seen most (docs/eye.md, "Less in flat areas")."""
_HALF = 0.02  # local contrast at which half of the rest is reached


def texture_allowance(rgb: Tensor) -> Tensor:
    """(3, H, W) in [0, 1] -> (1, H, W) in [floor, 1]: share of the largest change."""
    grey = sum(weight * plane for weight, plane in zip(_LUMA, rgb, strict=True))[None, None]
    contrast = (box_mean(grey**2, 5) - box_mean(grey, 5) ** 2).clamp_min(0).sqrt()
    texture = box_mean(-F.max_pool2d(edge_padded(-contrast, 7), 7, stride=1), 9)
    return (FLOOR + (1 - FLOOR) * texture / (texture + _HALF))[0]


def box_mean(plane: Tensor, size: int) -> Tensor:
    """Mean over size x size, edges repeated; (1, 1, H, W) -> same."""
    return F.avg_pool2d(edge_padded(plane, size), size, stride=1)


def edge_padded(plane: Tensor, size: int) -> Tensor:
    return F.pad(plane, (size // 2,) * 4, mode="replicate")
