"""A view as a function: which part of the canvas it shows, and how an encoder sees that part."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..pixels.area import cover
from ..pixels.pad import covered, padded
from .views import View

Part = tuple[slice, slice, slice]
"""Channels, rows and columns of the canvas."""


@dataclass(frozen=True)
class Look:
    """One view of a canvas.

    part     of the canvas that the view shows
    rows     (rows of the view, rows of the part): matrix that reduces the part; None: not reduced
    columns  (columns of the view, columns of the part), in the same way
    pixels   how many an encoder sees
    whole    height and width of the copy, where all of it is seen; None: a crop of it
    """

    part: Part
    rows: Tensor | None
    columns: Tensor | None
    pixels: int
    whole: tuple[int, int] | None

    def seen(self, part: Tensor) -> Tensor:
        """(C, h, w) of the part -> what an encoder sees, its sides multiples of STRIDE."""
        if self.rows is None or self.columns is None:
            return padded(part)
        return self.rows.to(part.device) @ part @ self.columns.to(part.device).T


def look(view: View, size: tuple[int, int]) -> Look:
    """The view on a canvas of that height and width."""
    height, width = size
    if (view.height, view.width) == (covered(height), covered(width)):
        rows, columns = unpadded(view.rows, height), unpadded(view.columns, width)
        whole = size if (rows, columns) == (slice(0, height), slice(0, width)) else None
        return Look((slice(None), rows, columns), None, None, view.pixels, whole)
    down, across = cover(height, view.height, view.rows), cover(width, view.width, view.columns)
    part = slice(None), down[0], across[0]
    copy = view.height, view.width
    whole = copy if (view.rows, view.columns) == tuple(slice(0, side) for side in copy) else None
    return Look(part, down[1], across[1], view.pixels, whole)


def unpadded(span: slice, length: int) -> slice:
    """The span without what padding adds to an axis of that length; at least one pixel."""
    return slice(min(span.start, length - 1), min(span.stop, length))
