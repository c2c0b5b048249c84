"""Reduction by area averaging, as trainers shrink pictures; differentiable."""

from __future__ import annotations

from math import ceil, floor

import torch
from torch import Tensor

_CHUNK = 64  # rows of the result at a time: their matrix needs only the rows that they cover


def area(picture: Tensor, height: int, width: int) -> Tensor:
    """(..., h, w) -> (..., height, width): each pixel is the mean of the area it covers.

    The kernel with which trainers shrink (OpenCV's INTER_AREA); for smaller sizes only.
    """
    if picture.shape[-2:] == (height, width):
        return picture
    return down(down(picture.float(), height).mT, width).mT.contiguous()


def down(picture: Tensor, height: int) -> Tensor:
    """(..., h, w) -> (..., height, w), in the same way."""
    parts = []
    for start in range(0, height, _CHUNK):
        rows = slice(start, min(height, start + _CHUNK))
        covered, shares = cover(picture.shape[-2], height, rows)
        parts.append(shares.to(picture.device) @ picture[..., covered, :])
    return torch.cat(parts, -2)


def cover(length: int, smaller: int, span: slice) -> tuple[slice, Tensor]:
    """Which of an axis's `length` pixels a span covers that counts in `smaller` reduced pixels.

    Gives those pixels, and the weights (span, pixels) with which they make the span's means; rows
    sum to 1.
    """
    factor = length / smaller
    pixels = slice(floor(span.start * factor), min(length, ceil(span.stop * factor)))
    edges = torch.arange(span.start, span.stop + 1, dtype=torch.float64)[:, None] * factor
    at = torch.arange(pixels.start, pixels.stop, dtype=torch.float64)[None]
    begun = (edges - at).clamp(0, 1)  # share of each pixel that lies before each edge
    return pixels, ((begun[1:] - begun[:-1]) / factor).float()
