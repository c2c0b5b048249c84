"""Handling that a picture meets before training sees it, in some of the steps.

Where a third of the steps see a JPEG instead of one in seven, 4 % more of the effect survives a
JPEG, and the picture as posted has 6 % less effect (docs/eye.md). Reduced views gain nothing from
this: a change coarse enough to be seen in them survives the codec anyway.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Generator, Tensor

from ..purifiers import PURIFIERS
from .look import Look

CODED_EVERY, FIRST_CODED = 7, 2
"""Of the steps on views at the picture's own size, every seventh sees a JPEG, from step 2 on. Seven
has no divisor in common with a count of families up to six, so each family has its turn."""

Handle = Callable[[Tensor], Tensor]
"""(3, h, w) in [0, 1] -> the same after the handling, differentiable."""


def handled(step: int, part: Look) -> Handle:
    """The handling of this step's view: a JPEG in some steps at the picture's own size."""
    return through_codec if part.rows is None and step % CODED_EVERY == FIRST_CODED else as_it_is


def through_codec(rgb: Tensor) -> Tensor:
    """A JPEG of quality 75, whose gradient is that of the identity.

    The differentiable JPEG that the purifier itself offers closes an eighth less of the gap.
    """
    with torch.no_grad():
        lost = PURIFIERS["jpeg75"].apply(rgb.detach(), Generator()) - rgb
    return rgb + lost


def as_it_is(rgb: Tensor) -> Tensor:
    return rgb
