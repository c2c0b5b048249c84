"""Overlapping tiles: memory stays flat however large the picture is, and no seam shows.

Tiles overlap by a margin over which their changes are cross-faded; the weights of all tiles sum to
one everywhere. The margin is what an encoder needs to see to judge a pixel: the effective
receptive field of the tiny encoders, not their theoretical one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil

import torch
from torch import Tensor

from ..pixels.pad import STRIDE

SIZE, MARGIN = 512, 32


@dataclass(frozen=True)
class Tile:
    """Rows and columns of the picture, and the weight of each pixel in the cross-fade."""

    rows: slice
    columns: slice
    weight: Tensor  # (1, h, w), in [0, 1]

    def cut(self, picture: Tensor) -> Tensor:
        return picture[:, self.rows, self.columns]


def tiles(height: int, width: int, size: int = SIZE, margin: int = MARGIN) -> Iterator[Tile]:
    """Tiles of at most `size`, together covering the picture, row by row."""
    for rows, down in spans(height, size, margin):
        for columns, across in spans(width, size, margin):
            yield Tile(rows, columns, (down[:, None] * across)[None])


def spans(length: int, size: int, margin: int) -> list[tuple[slice, Tensor]]:
    """Evenly spread intervals of one axis with their ramps; starts lie on the latents' grid."""
    if length <= size:
        return [(slice(0, length), torch.ones(length))]
    count = ceil((length - margin) / (size - margin))
    size = min(size, ceil((length + (count - 1) * margin) / count / STRIDE) * STRIDE)
    last = length - size  # tiles are as small as their number allows: no pixel twice for nothing
    starts = [round(last * i / (count - 1) / STRIDE) * STRIDE for i in range(count)]
    starts[-1] = last
    heights = torch.zeros(count, length)
    for i, start in enumerate(starts):
        heights[i, start : start + size] = hat(size, margin, first=i == 0, last=i == count - 1)
    shares = heights / heights.sum(0)
    return [(slice(s, s + size), shares[i, s : s + size]) for i, s in enumerate(starts)]


def hat(size: int, margin: int, *, first: bool, last: bool) -> Tensor:
    """One in the middle, falling linearly over the margin at inner edges, never to zero."""
    ramp = (torch.arange(size) + 0.5) / margin
    ones = torch.ones(size)
    rise = ones if first else ramp.clamp(max=1)
    fall = ones if last else ramp.flip(0).clamp(max=1)
    return rise * fall
