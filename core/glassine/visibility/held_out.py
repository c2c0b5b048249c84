"""Judges that nothing is optimised for: FSIM, VSI and MDSI, from the package `piq`.

As published, all three look at a picture that is averaged until its shorter side has about 256
pixels. Finer detail counts only as far as that leaves it. A picture of more than LARGE pixels is
reduced here, so that `piq` never holds a second one at full size (VSI and MDSI, which start from
the full size, then differ in the third digit). Of a long strip only the middle is looked at.
"""

from __future__ import annotations

import math
from importlib import import_module

import torch
import torch.nn.functional as F
from torch import Tensor

from .edges import averaged
from .packages import unfit

SMALLEST = 48  # pixels; below it the widest of FSIM's wavelets does not fit in
LARGE = 1 << 20  # pixels
_STRIP = 2  # longest side that is looked at, in shorter sides: it bounds the memory


def fsim(clean: Tensor, other: Tensor) -> float | None:
    """Feature similarity with colour (Zhang et al., 2011), 0 to 1, higher is closer.

    (3, H, W) in [0, 1]; None for sides below SMALLEST, a picture of one colour, or where `unfit`
    gives a reason.
    """
    return asked("fsim", clean, other)


def vsi(clean: Tensor, other: Tensor) -> float | None:
    """Similarity weighted by what draws the eye (Zhang et al., 2014), 0 to 1, higher is closer.

    (3, H, W) in [0, 1]; None as for `fsim`.
    """
    return asked("vsi", clean, other)


def mdsi(clean: Tensor, other: Tensor) -> float | None:
    """Mean deviation of edges and colours (Nafchi et al., 2016), from 0 up, lower is closer.

    (3, H, W) in [0, 1]; None as for `fsim`.
    """
    return asked("mdsi", clean, other)


@torch.no_grad()
def asked(judge: str, clean: Tensor, other: Tensor) -> float | None:
    if min(clean.shape[1:]) < SMALLEST or unfit():
        return None
    value = float(getattr(import_module("piq"), judge)(glance(clean), glance(other)))
    return value if math.isfinite(value) else None


def glance(rgb: Tensor) -> Tensor:
    """(3, H, W) -> (1, 3, h, w): the picture as these judges are shown it."""
    short = min(rgb.shape[1:])
    rows, columns = (middle(length, _STRIP * short) for length in rgb.shape[1:])
    seen = rgb[None, :, rows, columns].float()
    by = averaged(short, short) if seen[0, 0].numel() > LARGE else 1
    return F.avg_pool2d(seen, by).clamp(0, 1)


def middle(length: int, most: int) -> slice:
    """The middle `most` pixels of an axis at most."""
    start = max(0, length - most) // 2
    return slice(start, start + min(length, most))
