"""dlib's ResNet-34 with half the filters: (B, 3, 150, 150) -> (B, 128).

Its affine layers are folded into the convolutions before them. Where a shortcut and its block
differ in channels or size, each is filled up with zeros to the larger of both, as dlib does.
"""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .packed import State

DOWN = (3, 7, 10, 13)
"""Blocks that halve the sides, counted from 0."""
BLOCKS = 14


class Resnet(nn.Module):
    def __init__(self, state: State) -> None:
        super().__init__()
        for name, value in state.items():
            self.register_buffer(name.replace(".", "_"), value)

    def convolved(self, x: Tensor, name: str, stride: int, padding: int) -> Tensor:
        weight, bias = (self.get_buffer(f"{name}_{part}") for part in ("weight", "bias"))
        return F.conv2d(x, weight, bias, stride, padding)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.convolved(x, "stem", 2, 0)), 3, 2)
        for number in range(BLOCKS):
            halves = number in DOWN
            y = F.relu(self.convolved(x, f"block{number}_a", 1 + halves, 1 - halves))
            y = self.convolved(y, f"block{number}_b", 1, 1)
            x = F.relu(added(F.avg_pool2d(x, 2) if halves else x, y))
        return x.mean((2, 3)) @ self.get_buffer("head")


def added(one: Tensor, other: Tensor) -> Tensor:
    """The sum of both, each filled up with zeros to the larger size in every dimension."""
    if one.shape == other.shape:
        return one + other
    channels, height, width = (
        max(a, b) for a, b in zip(one.shape[1:], other.shape[1:], strict=True)
    )
    return filled_up(one, channels, height, width) + filled_up(other, channels, height, width)


def filled_up(x: Tensor, channels: int, height: int, width: int) -> Tensor:
    missing = (width - x.shape[3], height - x.shape[2], channels - x.shape[1])
    return F.pad(x, (0, missing[0], 0, missing[1], 0, missing[2]))
