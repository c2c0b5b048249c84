"""Padding to sides that encoders can take: multiples of STRIDE, and not too small."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor

STRIDE = 8  # pixels; latents have an eighth of the picture's sides in every family
SMALLEST = 64  # pixels; smaller sides are padded to it before an encoder sees them


def padded(picture: Tensor) -> Tensor:
    """(C, H, W), padded at right and bottom to multiples of STRIDE and at least SMALLEST.

    The padding mirrors the picture, or repeats its edge where it is too small for that.
    """
    height, width = picture.shape[1:]
    down, right = (covered(side) - side for side in (height, width))
    mode = "reflect" if down < height and right < width else "replicate"
    return F.pad(picture[None], (0, right, 0, down), mode=mode)[0] if down or right else picture


def covered(side: int) -> int:
    """The length of a side after padding, in pixels."""
    return max(SMALLEST, -(-side // STRIDE) * STRIDE)
