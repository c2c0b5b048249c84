"""A slight blur."""

from torch import Generator, Tensor

from .base import Purifier


def blur(rgb: Tensor, draw: Generator) -> Tensor:
    """Gaussian, sigma 1 pixel."""
    from kornia.filters import gaussian_blur2d  # here: see `codec`

    blurred: Tensor = gaussian_blur2d(rgb[None], (7, 7), (1.0, 1.0), border_type="replicate")
    return blurred[0].clamp(0, 1)


ENTRY = Purifier(
    says="Blur, sigma 1 pixel", kind="handling", differentiable=True, apply=blur, source="Gaussian"
)
