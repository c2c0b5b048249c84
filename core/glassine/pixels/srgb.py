"""sRGB's transfer function (IEC 61966-2-1), both ways; [0, 1] on both sides, any shape."""

from __future__ import annotations

import torch
from torch import Tensor


def to_linear(encoded: Tensor) -> Tensor:
    """sRGB-encoded values -> linear light."""
    return torch.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


def to_srgb(light: Tensor) -> Tensor:
    """Linear light -> sRGB-encoded values."""
    return torch.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)
