"""Networks of depthwise convolutions: MobileFace, and MobileNet as HSE's FaceRes has it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .packed import State

STAGES = 4
STRIDES = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
"""Of MobileNet's thirteen pairs of a depthwise and a pointwise convolution."""
RELU6 = 6.0  # the largest activation


class Buffers(nn.Module):
    """A network whose weights are buffers, by the names of a state."""

    def __init__(self, state: State) -> None:
        super().__init__()
        for name, value in state.items():
            self.register_buffer(name.replace(".", "_"), value)

    def prelu(self, x: Tensor, name: str) -> Tensor:
        """Negative values are multiplied by a slope per channel."""
        return F.prelu(x, self.get_buffer(f"{name}_slope"))

    def convolved(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        return F.conv2d(x, self.get_buffer(f"{name}_weight"), None, stride, padding)

    def depthwise(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Each channel is convolved by itself, padded by one pixel of zeros."""
        weight = self.get_buffer(f"{name}_weight")
        return F.conv2d(x, weight, None, stride, 1, groups=x.shape[1])


class Mobileface(Buffers):
    """(B, 3, 112, 112) -> (B, 256)."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.prelu(self.convolved(x, "stem", 2, 1), "stem")
        for stage in range(STAGES):
            name = f"stage{stage}"
            x = self.convolved(x, f"{name}_cross")
            x = self.prelu(self.depthwise(x, f"{name}_a", 2), f"{name}_a")
            y = self.prelu(self.depthwise(x, f"{name}_b"), f"{name}_b")
            x = self.prelu(self.depthwise(y, f"{name}_c"), f"{name}_c") + x
        flat = x.permute(0, 2, 3, 1).flatten(1)  # its head expects rows, columns, channels
        return flat @ self.get_buffer("head_weight") + self.get_buffer("head_bias")


class Mobilenet(Buffers):
    """(B, 3, 224, 224) -> (B, 1024), without the heads for age and gender."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu6(F.conv2d(padded_after(x), self.get_buffer("stem_weight"), stride=2), "stem")
        for number, stride in enumerate(STRIDES):
            weight = self.get_buffer(f"pair{number}_alone_weight")
            inside = padded_after(x) if stride == 2 else F.pad(x, (1, 1, 1, 1))
            x = F.conv2d(inside, weight, stride=stride, groups=x.shape[1])
            x = self.relu6(x, f"pair{number}_alone")
            x = self.relu6(self.convolved(x, f"pair{number}_cross"), f"pair{number}_cross")
        return x.mean((2, 3))

    def relu6(self, x: Tensor, name: str) -> Tensor:
        """Adds the bias, then ReLU6."""
        return (x + self.get_buffer(f"{name}_bias").view(1, -1, 1, 1)).clamp(0, RELU6)


def padded_after(x: Tensor) -> Tensor:
    """Zeros below and to the right only: TensorFlow's padding for a stride of two on even sides."""
    return F.pad(x, (0, 1, 0, 1))
