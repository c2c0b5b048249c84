"""Judges that nothing here is optimised for: FSIM, VSI and MDSI, from the package `piq`.

All three look at a picture as it was published for them: averaged, until its shorter side has
about 256 pixels. What is finer than that counts only by what is left of it. Of a picture above
LARGE that copy is made here, so that no second one of the whole is ever held (VSI and MDSI, which
begin with the whole, then differ in the third digit); of a long strip the middle is looked at.
"""

from __future__ import annotations

import math
from importlib import import_module

import torch
import torch.nn.functional as F
from torch import Tensor

from .packages import unfit

SMALLEST = 48  # pixels; below it the widest of FSIM's wavelets does not fit in
LARGE = 1 << 20  # pixels
_GLANCE = 256  # pixels; of the shorter side, as all three publications have it
_STRIP = 2  # times the shorter side; what is longer would take memory without an end


def fsim(clean: Tensor, other: Tensor) -> float | None:
    """Feature similarity with colour (Zhang et al., 2011), 0 to 1, higher is closer.

    (3, H, W) in [0, 1]; None where SMALLEST, one single colour or `unfit` stand against it.
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
    """(3, H, W) -> (1, 3, h, w), what these judges are shown of a picture."""
    short = min(rgb.shape[1:])
    rows, columns = (middle(length, _STRIP * short) for length in rgb.shape[1:])
    seen = rgb[None, :, rows, columns].float()
    by = round(short / _GLANCE) if seen[0, 0].numel() > LARGE else 1
    return F.avg_pool2d(seen, by).clamp(0, 1)


def middle(length: int, most: int) -> slice:
    start = max(0, length - most) // 2
    return slice(start, start + min(length, most))
