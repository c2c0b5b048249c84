"""Half the size and back."""

from torch import Generator, Tensor

from .base import Purifier
from .resample import there_and_back


def half(rgb: Tensor, draw: Generator) -> Tensor:
    return there_and_back(rgb, 0.5)


ENTRY = Purifier(
    says="Half the size and back",
    kind="handling",
    differentiable=True,
    apply=half,
    source="antialiased bicubic, both ways",
)
