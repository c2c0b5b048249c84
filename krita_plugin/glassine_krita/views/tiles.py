"""Places for several pictures of one size beside each other, as large as they can be."""

from __future__ import annotations

from collections.abc import Sequence

from ..qt import QtCore

GAP = 4.0  # pixels between two


def tiles(area: QtCore.QRectF, count: int, size: QtCore.QSize) -> list[QtCore.QRectF]:
    """Equal parts of the area, row by row, in the columns in which such pictures are largest."""

    def scale(columns: int) -> float:
        part = first(area, columns, -(-count // columns))
        return min(part.width() / size.width(), part.height() / size.height())

    columns = max(range(1, count + 1), key=scale)
    part = first(area, columns, -(-count // columns))
    steps = part.width() + GAP, part.height() + GAP
    return [
        part.translated(at % columns * steps[0], at // columns * steps[1]) for at in range(count)
    ]


def first(area: QtCore.QRectF, columns: int, rows: int) -> QtCore.QRectF:
    """The upper left part, at least a pixel wide and high."""
    width = max((area.width() - GAP * (columns - 1)) / columns, 1.0)
    height = max((area.height() - GAP * (rows - 1)) / rows, 1.0)
    return QtCore.QRectF(area.x(), area.y(), width, height)


def tile_at(parts: Sequence[QtCore.QRectF], at: QtCore.QPointF) -> QtCore.QRectF | None:
    return next((part for part in parts if part.contains(at)), None)
