"""WebP, quality 80."""

from torch import Generator, Tensor

from .base import Purifier
from .codec import through_webp


def webp(rgb: Tensor, draw: Generator) -> Tensor:
    return through_webp(rgb.detach(), 80)


ENTRY = Purifier(
    says="WebP, quality 80", kind="handling", differentiable=False, apply=webp, source="libwebp"
)
