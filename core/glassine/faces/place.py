"""What of a picture belongs to its faces: a soft mask around each, and boxes to judge them in."""

from __future__ import annotations

import math
from collections.abc import Iterable

import torch
from torch import Tensor

from ..types import Face

INNER = 0.65  # of a box's sides, from its middle: the mask is 1 up to here
OUTER = 1.0  # of a box's sides, from its middle: the mask is 0 from here on
AROUND = 0.6  # of a box's sides, from its middle: what a judge looks at
LEAST = 96  # pixels; a judge looks at sides of at least so many
STEP = 8  # sides of what is judged are multiples of it, where the picture allows

Spot = tuple[slice, slice]


def soft_mask(faces: Iterable[Face], height: int, width: int) -> Tensor:
    """(1, height, width) in [0, 1]: 1 on a face, falling to 0 around it, an ellipse each."""
    mask = torch.zeros(1, height, width)
    for face in faces:
        rows, columns = around(face, height, width, OUTER, 1)
        left, top, right, bottom = face.box
        across = (torch.arange(columns.start, columns.stop) + 0.5 - (left + right) / 2) / (
            right - left
        )
        down = (torch.arange(rows.start, rows.stop) + 0.5 - (top + bottom) / 2) / (bottom - top)
        away = (down[:, None].square() + across[None].square()).sqrt()
        share = ((OUTER - away) / (OUTER - INNER)).clamp(0, 1)
        soft = (1 - (math.pi * share).cos()) / 2
        mask[0, rows, columns] = torch.maximum(mask[0, rows, columns], soft)
    return mask


def around(face: Face, height: int, width: int, share: float = AROUND, least: int = LEAST) -> Spot:
    """Rows and columns of a picture of that size around a face; never empty."""
    left, top, right, bottom = face.box
    return (
        stretch((top + bottom) / 2, max(2 * share * (bottom - top), least), height),
        stretch((left + right) / 2, max(2 * share * (right - left), least), width),
    )


def stretch(middle: float, long: float, length: int) -> slice:
    """The part of a length that is `long` around a middle, in whole steps, moved inside the length;
    all of it where it is shorter."""
    size = min(length, max(1, round(long)))
    size = min(length, -(-size // STEP) * STEP)
    start = min(max(round(middle - size / 2), 0), length - size)
    return slice(start, start + size)


def largest(faces: Iterable[Face]) -> Face:
    return max(faces, key=lambda face: face.side)
