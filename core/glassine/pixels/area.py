"""Reduction by the mean of what a pixel covers, as trainers shrink pictures; differentiable."""

from __future__ import annotations

from math import ceil, floor

import torch
from torch import Tensor

_CHUNK = 64  # rows at a time: each needs only the few that it covers


def area(picture: Tensor, height: int, width: int) -> Tensor:
    """(..., h, w) -> (..., height, width): each pixel the mean of the area it covers.

    The kernel with which trainers shrink (OpenCV's INTER_AREA); it is only for smaller sizes.
    """
    if picture.shape[-2:] == (height, width):
        return picture
    return down(down(picture.float(), height).mT, width).mT.contiguous()


def down(picture: Tensor, height: int) -> Tensor:
    """(..., h, w) -> (..., height, w)."""
    parts = []
    for start in range(0, height, _CHUNK):
        rows = slice(start, min(height, start + _CHUNK))
        covered, shares = cover(picture.shape[-2], height, rows)
        parts.append(shares.to(picture.device) @ picture[..., covered, :])
    return torch.cat(parts, -2)


def cover(length: int, smaller: int, span: slice) -> tuple[slice, Tensor]:
    """What a span of a shorter axis covers of a longer one: which pixels, and (span, pixels) what
    each gives to the mean; rows sum to one."""
    factor = length / smaller
    pixels = slice(floor(span.start * factor), min(length, ceil(span.stop * factor)))
    edges = torch.arange(span.start, span.stop + 1, dtype=torch.float64)[:, None] * factor
    at = torch.arange(pixels.start, pixels.stop, dtype=torch.float64)[None]
    begun = (edges - at).clamp(0, 1)  # how much of each pixel lies before an edge
    return pixels, ((begun[1:] - begun[:-1]) / factor).float()
