"""Resizing for targets, the way the yardstick does it."""

from __future__ import annotations

import numpy as np
import pyvips
import torch
from torch import Tensor


def lanczos(rgb: Tensor, height: int, width: int) -> Tensor:
    """(3, h, w) in [0, 1] -> (3, height, width), Lanczos 3."""
    if rgb.shape[1:] == (height, width):
        return rgb
    pixels = pyvips.Image.new_from_array(np.ascontiguousarray(rgb.permute(1, 2, 0).numpy()))
    out = pixels.resize(width / rgb.shape[2], vscale=height / rgb.shape[1], kernel="lanczos3")
    out = out.crop(0, 0, width, height) if (out.width, out.height) != (width, height) else out
    return torch.from_numpy(out.numpy()).permute(2, 0, 1).contiguous().clamp(0, 1)
