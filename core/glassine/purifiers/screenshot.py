"""A screenshot of the picture on a page: shown smaller without antialiasing, captured, enlarged."""

import torch.nn.functional as F
from torch import Generator, Tensor

from .base import Purifier
from .resample import to_size

_ZOOM = 0.8


def screenshot(rgb: Tensor, draw: Generator) -> Tensor:
    """Reduced to 80 % by plain bilinear, as browsers and window systems draw, then enlarged."""
    height, width = rgb.shape[1:]
    size = (max(1, round(height * _ZOOM)), max(1, round(width * _ZOOM)))
    shown = F.interpolate(rgb[None].float(), size, mode="bilinear", align_corners=False)[0]
    return to_size(shown.to(rgb.dtype), height, width)


ENTRY = Purifier(
    says="Screenshot at 80 % zoom",
    kind="handling",
    differentiable=True,
    apply=screenshot,
    source="bilinear without antialiasing",
)
