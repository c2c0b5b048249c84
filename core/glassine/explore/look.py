"""A view as a function: which part of the canvas it shows, and how an encoder sees that part."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from torch import Tensor

from ..pixels.area import cover, down_part
from ..pixels.pad import covered, padded
from .views import View

Part = tuple[slice, slice, slice]
"""Channels, rows and columns of the canvas."""


class Reduced(NamedTuple):
    """A span of an axis of `length` pixels that is reduced to `smaller`."""

    length: int
    smaller: int
    span: slice


@dataclass(frozen=True)
class Look:
    """One view of a canvas.

    part     of the canvas that the view shows
    rows     how the part's rows are reduced; None: they are not
    columns  the same of its columns
    pixels   how many an encoder sees
    whole    height and width of the copy, where all of it is seen; None: a crop of it
    """

    part: Part
    rows: Reduced | None
    columns: Reduced | None
    pixels: int
    whole: tuple[int, int] | None

    def seen(self, part: Tensor) -> Tensor:
        """(C, h, w) of the part -> what an encoder sees, its sides multiples of STRIDE."""
        if self.rows is None or self.columns is None:
            return padded(part)
        return down_part(down_part(part, *self.rows).mT, *self.columns).mT.contiguous()


def look(view: View, size: tuple[int, int]) -> Look:
    """The view on a canvas of that height and width."""
    height, width = size
    if (view.height, view.width) == (covered(height), covered(width)):
        rows, columns = unpadded(view.rows, height), unpadded(view.columns, width)
        whole = size if (rows, columns) == (slice(0, height), slice(0, width)) else None
        return Look((slice(None), rows, columns), None, None, view.pixels, whole)
    down, across = Reduced(height, view.height, view.rows), Reduced(width, view.width, view.columns)
    part = slice(None), cover(*down)[0], cover(*across)[0]
    copy = view.height, view.width
    whole = copy if (view.rows, view.columns) == tuple(slice(0, side) for side in copy) else None
    return Look(part, down, across, view.pixels, whole)


def unpadded(span: slice, length: int) -> slice:
    """The span without what padding adds to an axis of that length; at least one pixel."""
    return slice(min(span.start, length - 1), min(span.stop, length))
