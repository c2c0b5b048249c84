"""A change as two parts, its smooth colour and its fine detail, and how much there is of each.

The eye notices the two differently, so `settle` may keep less of the one than of the other.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..visibility.colour import PATCH

STRIP = 1024  # rows, a multiple of PATCH; a temporary in float32 stays small


@dataclass(frozen=True)
class Amounts:
    """Factors on a change's fine detail and on its smooth part."""

    fine: float
    smooth: float

    def times(self, share: float) -> Amounts:
        return Amounts(share * self.fine, share * self.smooth)


@dataclass(frozen=True)
class Split:
    """A change, and what of it is smooth.

    pixels  (3, H, W), float16 or float32
    means   (3, h, w): the mean of every patch
    """

    pixels: Tensor
    means: Tensor

    def part(self, rows: slice, columns: slice, amounts: Amounts) -> Tensor:
        """Those pixels (3, rows, columns) of the change, with those amounts of it."""
        moved = amounts.fine * self.pixels[:, rows, columns].float()
        if amounts.smooth == amounts.fine:
            return moved
        return moved + (amounts.smooth - amounts.fine) * smooth_part(self.means, rows, columns)


def split_of(change: Tensor) -> Split:
    """The change (3, H, W), with the means of its patches."""
    strips = (change[:, row : row + STRIP] for row in range(0, change.shape[1], STRIP))
    return Split(change, torch.cat([patch_means(strip.float()) for strip in strips], dim=1))


def amounts_in(moved: Tensor, split: Split) -> Amounts:
    """The amounts of the change in what a picture was (3, H, W) moved by."""

    def share(part: Tensor, whole: Tensor) -> float:
        return float((part * whole).sum() / whole.square().sum().clamp_min(1e-12))

    span = slice(0, moved.shape[1]), slice(0, moved.shape[2])
    means, only_fine = patch_means(moved), Amounts(1.0, 0.0)
    return Amounts(
        fine=share(Split(moved, means).part(*span, only_fine), split.part(*span, only_fine)),
        smooth=share(means, split.means),
    )


def patch_means(change: Tensor) -> Tensor:
    """(3, H, W) -> (3, ceil(H / PATCH), ceil(W / PATCH))."""
    return F.avg_pool2d(change, PATCH, ceil_mode=True, count_include_pad=False)


def smooth_part(means: Tensor, rows: slice, columns: slice) -> Tensor:
    """Those pixels (3, rows, columns) of the picture that runs smoothly through patches' means."""
    down, left = (patches(*pair) for pair in zip((rows, columns), means.shape[1:], strict=True))
    near = means[:, down, left]
    large = F.interpolate(near[None], scale_factor=PATCH, mode="bilinear", align_corners=False)[0]
    top, first = rows.start - down.start * PATCH, columns.start - left.start * PATCH
    return large[:, top:, first:][:, : rows.stop - rows.start, : columns.stop - columns.start]


def patches(span: slice, count: int) -> slice:
    """The patches of which that span of pixels is made, with a neighbour on either side."""
    return slice(max(span.start // PATCH - 1, 0), min(-(-span.stop // PATCH) + 1, count))
