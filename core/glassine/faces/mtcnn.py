"""Three small networks that find faces (Zhang et al., 2016), with the weights of facenet-pytorch.

Each takes (B, 3, h, w) with grey at 0, and gives how sure it is of a face and by what shares of its
sides a box has to move; the last one also gives where eyes, nose and mouth are.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import torch.nn.functional as F
from safetensors.torch import load_file
from torch import Tensor, nn

FILE = Path(__file__).parent / "weights" / "mtcnn.safetensors"
SMALL, MIDDLE, LARGE = 12, 24, 48
"""Pixels of a side that the first, the second and the last network look at."""


class Cascade(nn.Module):
    """All three, by the names of their weights."""

    def __init__(self) -> None:
        super().__init__()
        for name, value in load_file(FILE).items():
            self.register_buffer(name.replace(".", "_"), value.float())

    def layer(self, x: Tensor, name: str, slope: str = "") -> Tensor:
        weight, bias = (self.get_buffer(f"{name}_{part}") for part in ("weight", "bias"))
        y = F.conv2d(x, weight, bias) if weight.dim() == 4 else F.linear(x, weight, bias)
        return F.prelu(y, self.get_buffer(f"{slope}_weight")) if slope else y

    def first(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(1, 3, h, w) -> sure (h', w'), moves (4, h', w'): one of each for every second pixel."""
        x = F.max_pool2d(self.layer(x, "pnet_conv1", "pnet_prelu1"), 2, 2, ceil_mode=True)
        x = self.layer(x, "pnet_conv2", "pnet_prelu2")
        x = self.layer(x, "pnet_conv3", "pnet_prelu3")
        return self.layer(x, "pnet_conv4_1").softmax(1)[0, 1], self.layer(x, "pnet_conv4_2")[0]

    def second(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """(B, 3, 24, 24) -> sure (B,), moves (B, 4)."""
        for number in (1, 2):
            x = self.layer(x, f"rnet_conv{number}", f"rnet_prelu{number}")
            x = F.max_pool2d(x, 3, 2, ceil_mode=True)
        x = self.layer(x, "rnet_conv3", "rnet_prelu3")
        x = self.layer(x.permute(0, 3, 2, 1).flatten(1), "rnet_dense4", "rnet_prelu4")
        return self.layer(x, "rnet_dense5_1").softmax(1)[:, 1], self.layer(x, "rnet_dense5_2")

    def last(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """(B, 3, 48, 48) -> sure (B,), moves (B, 4), points (B, 10) as shares of the box."""
        for number, (size, stride) in enumerate(((3, 2), (3, 2), (2, 2)), 1):
            x = self.layer(x, f"onet_conv{number}", f"onet_prelu{number}")
            x = F.max_pool2d(x, size, stride, ceil_mode=True)
        x = self.layer(x, "onet_conv4", "onet_prelu4")
        x = self.layer(x.permute(0, 3, 2, 1).flatten(1), "onet_dense5", "onet_prelu5")
        sure, moves, points = (self.layer(x, f"onet_dense6_{n}") for n in (1, 2, 3))
        return sure.softmax(1)[:, 1], moves, points


@cache
def cascade() -> Cascade:
    return Cascade().eval().requires_grad_(False)
