"""Networks of depthwise convolutions: MobileFace, and MobileNet as HSE's FaceRes has it."""

from __future__ import annotations

import torch.nn.functional as F
from torch import Tensor, nn

from .packed import State

STAGES = 4
LIGHT = (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)
"""Strides of MobileNet's thirteen pairs of convolutions."""
TOP = 6.0  # where its activations end


class Buffers(nn.Module):
    """A network that is its weights and how they are run."""

    def __init__(self, state: State) -> None:
        super().__init__()
        for name, value in state.items():
            self.register_buffer(name.replace(".", "_"), value)

    def bent(self, x: Tensor, name: str) -> Tensor:
        """Negative values times a number per channel."""
        return F.prelu(x, self.get_buffer(f"{name}_slope"))

    def crossed(self, x: Tensor, name: str, stride: int = 1, padding: int = 0) -> Tensor:
        return F.conv2d(x, self.get_buffer(f"{name}_weight"), None, stride, padding)

    def alone(self, x: Tensor, name: str, stride: int = 1) -> Tensor:
        """Each channel by itself, on a frame of zeros."""
        weight = self.get_buffer(f"{name}_weight")
        return F.conv2d(x, weight, None, stride, 1, groups=x.shape[1])


class Mobileface(Buffers):
    """(B, 3, 112, 112) -> (B, 256)."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.bent(self.crossed(x, "stem", 2, 1), "stem")
        for stage in range(STAGES):
            name = f"stage{stage}"
            x = self.crossed(x, f"{name}_cross")
            x = self.bent(self.alone(x, f"{name}_a", 2), f"{name}_a")
            y = self.bent(self.alone(x, f"{name}_b"), f"{name}_b")
            x = self.bent(self.alone(y, f"{name}_c"), f"{name}_c") + x
        flat = x.permute(0, 2, 3, 1).flatten(1)  # its head knows rows, columns, channels
        return flat @ self.get_buffer("head_weight") + self.get_buffer("head_bias")


class Mobilenet(Buffers):
    """(B, 3, 224, 224) -> (B, 1024), without the heads for age and gender."""

    def forward(self, x: Tensor) -> Tensor:
        x = self.bounded(F.conv2d(even(x), self.get_buffer("stem_weight"), stride=2), "stem")
        for number, stride in enumerate(LIGHT):
            weight = self.get_buffer(f"pair{number}_alone_weight")
            inside = even(x) if stride == 2 else F.pad(x, (1, 1, 1, 1))
            x = F.conv2d(inside, weight, stride=stride, groups=x.shape[1])
            x = self.bounded(x, f"pair{number}_alone")
            x = self.bounded(self.crossed(x, f"pair{number}_cross"), f"pair{number}_cross")
        return x.mean((2, 3))

    def bounded(self, x: Tensor, name: str) -> Tensor:
        return (x + self.get_buffer(f"{name}_bias").view(1, -1, 1, 1)).clamp(0, TOP)


def even(x: Tensor) -> Tensor:
    """A frame of zeros on the far sides only: TensorFlow's for a stride of two on even sides."""
    return F.pad(x, (0, 1, 0, 1))
