"""A tenth of each side cropped away, the rest enlarged to the old size."""

from torch import Generator, Tensor

from .base import Purifier
from .resample import to_size


def crop(rgb: Tensor, draw: Generator) -> Tensor:
    """Five per cent off at every edge."""
    height, width = rgb.shape[1:]
    top, left = height // 20, width // 20
    return to_size(rgb[:, top : height - top, left : width - left], height, width)


ENTRY = Purifier(
    says="Cropped by 10 %, then enlarged",
    kind="handling",
    differentiable=True,
    moves=True,
    apply=crop,
    source="crop 10 % and resize: the transform set of DIA (2025), supplement B",
)
