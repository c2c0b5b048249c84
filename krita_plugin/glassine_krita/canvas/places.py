"""Rectangles of a document, in pixels."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ..qt import QtCore


@dataclass(frozen=True)
class Place:
    """A rectangle of the document, in pixels."""

    x: int
    y: int
    width: int
    height: int

    @classmethod
    def of(cls, bounds: QtCore.QRect) -> Place:
        return cls(bounds.x(), bounds.y(), bounds.width(), bounds.height())

    def __and__(self, other: Place) -> Place:
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Place(x, y, max(0, right - x), max(0, bottom - y))

    def grown(self, by: int) -> Place:
        return Place(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def moved(self, dx: int, dy: int) -> Place:
        return Place(self.x + dx, self.y + dy, self.width, self.height)

    def strips(self, rows: int) -> Iterator[Place]:
        """From the top, so many rows each."""
        for top in range(0, self.height, rows):
            yield Place(self.x, self.y + top, self.width, min(rows, self.height - top))

    def columns(self, width: int) -> Iterator[Place]:
        """From the left, so wide each."""
        for left in range(0, self.width, width):
            yield Place(self.x + left, self.y, min(width, self.width - left), self.height)

    @property
    def empty(self) -> bool:
        return not self.width or not self.height


NOWHERE = Place(0, 0, 0, 0)
