"""Sides as encoders need them: multiples of what one latent covers, and not too small."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

STRIDE = 8  # pixels; latents are one eighth of the picture in every family
SMALLEST = 64  # pixels; smaller sides are mirrored up to it before an encoder sees them


def padded(picture: Tensor) -> Tensor:
    """(C, H, W), mirrored at right and bottom to multiples of STRIDE and to at least SMALLEST."""
    height, width = picture.shape[1:]
    down, right = (covered(side) - side for side in (height, width))
    mode = "reflect" if down < height and right < width else "replicate"
    return F.pad(picture[None], (0, right, 0, down), mode=mode)[0] if down or right else picture


def covered(side: int) -> int:
    """The pixels of one axis after padding."""
    return max(SMALLEST, -(-side // STRIDE) * STRIDE)
