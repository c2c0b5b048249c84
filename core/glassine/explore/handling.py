"""What happens to a picture before training sees it, drawn per step.

Where a third of the steps see a JPEG, a JPEG leaves 7 to 30 % more of the effect, and the picture
as posted has 5 to 9 % less of it (docs/eye.md). A reduced view gains nothing: what is coarse enough
to be seen there goes through the codec.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from ..purifiers import PURIFIERS
from .look import Look

CODED = 0.35  # of the steps that see a picture at its own size

Handle = Callable[[Tensor], Tensor]
"""(3, h, w) in [0, 1] -> what is left of it, differentiable."""


def drawn(draw: Generator, part: Look) -> Handle:
    """What is done in this step to what it looks at."""
    whether = torch.rand((), generator=draw).item()
    return through_codec if part.rows is None and whether < CODED else as_it_is


def through_codec(rgb: Tensor) -> Tensor:
    """A JPEG of quality 75, whose gradient is that of doing nothing.

    The smooth stand-in that the purifier itself offers closes an eighth less of the gap.
    """
    with torch.no_grad():
        lost = PURIFIERS["jpeg75"].apply(rgb.detach(), Generator()) - rgb
    return rgb + lost


def as_it_is(rgb: Tensor) -> Tensor:
    return rgb
