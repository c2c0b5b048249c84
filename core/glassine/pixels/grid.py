"""Integer pixels <-> tensors. Exact both ways, so an untouched pixel stays the same bits.

float32 holds k / 65535 closely enough that rounding gives k back for every 8- and 16-bit k;
a test walks through all of them.
"""

from __future__ import annotations

import hashlib

import numpy as np
import torch
from torch import Tensor

from ..errors import NotUsable

_STEPS = {8: 255, 16: 65535}
_DTYPE = {8: np.uint8, 16: np.uint16}


def steps(depth: int) -> int:
    """The value of white at that bit depth: 255 or 65535."""
    if depth not in _STEPS:
        raise NotUsable("grid.depth", depth=depth)
    return _STEPS[depth]


def to_tensor(pixels: np.ndarray) -> Tensor:
    """(H, W, C) uint8 or uint16 -> (C, H, W) float32 in [0, 1]."""
    white = steps(8 * pixels.dtype.itemsize)
    picture = torch.from_numpy(np.ascontiguousarray(pixels.transpose(2, 0, 1), dtype=np.float32))
    return picture.div_(white)


def to_array(picture: Tensor, depth: int) -> np.ndarray:
    """(C, H, W) in [0, 1] -> (H, W, C) uint8 or uint16, rounded."""
    grid = (picture.float() * steps(depth)).round_().clamp_(0, steps(depth))
    return np.ascontiguousarray(grid.permute(1, 2, 0).cpu().numpy().astype(_DTYPE[depth]))


def on_grid(picture: Tensor, depth: int) -> Tensor:
    """The picture as a file of that depth would give it back; any shape, [0, 1]."""
    return (picture * steps(depth)).round_().clamp_(0, steps(depth)).div_(steps(depth))


def pixel_digest(picture: Tensor, depth: int) -> str:
    """sha256 of the integer pixels that a file of that depth holds, row by row."""
    return hashlib.sha256(to_array(picture, depth).tobytes()).hexdigest()
