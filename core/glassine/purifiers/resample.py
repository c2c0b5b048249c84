"""Resampling that several purifiers share."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor


def to_size(rgb: Tensor, height: int, width: int) -> Tensor:
    """(3, H, W) -> (3, height, width): antialiased bicubic, clamped to [0, 1]."""
    sized = F.interpolate(
        rgb[None].float(), (height, width), mode="bicubic", antialias=True, align_corners=False
    )
    return sized[0].clamp(0, 1).to(rgb.dtype)


def there_and_back(rgb: Tensor, factor: float) -> Tensor:
    """Shrunk by `factor` and enlarged again; same size."""
    height, width = rgb.shape[1:]
    small = to_size(rgb, max(1, round(height * factor)), max(1, round(width * factor)))
    return to_size(small, height, width)
