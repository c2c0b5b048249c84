"""Which faces are in front of the artist, and which of them stay as they are. In the document's
pixels: previews are smaller, and show a part."""

from __future__ import annotations

from ...canvas.layers import key_of
from ...canvas.libkis import Document
from ...engine.answers import Box
from ...engine.asks import Point
from ...qt import QtCore, Signal
from ..preview import Preview

NONE = "face.none"  # what the engine says where it finds no face


class Faces(QtCore.QObject):
    """`boxes`: those that the last preview found; `spared`: points in those that are left alone."""

    changed = Signal()

    def __init__(self, preview: Preview, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._preview = preview
        self._of: object = None
        self.boxes: tuple[Box, ...] = ()
        self.spared: tuple[Point, ...] = ()
        preview.changed.connect(self._look)

    def follow(self, doc: Document | None) -> None:
        """Another document has other faces."""
        key = None if doc is None else key_of(doc)
        if key != self._of:
            self._of, self.boxes, self.spared = key, (), ()
            self.changed.emit()

    def is_spared(self, box: Box) -> bool:
        return any(lies_in(box, point) for point in self.spared)

    def spare(self, box: Box, on: bool) -> None:
        """Leaves that face alone, or takes it in again."""
        others = tuple(point for point in self.spared if not lies_in(box, point))
        left, top, right, bottom = box
        self.spared = (*others, ((left + right) / 2, (top + bottom) / 2)) if on else others
        self.changed.emit()

    def _look(self) -> None:
        """Takes over the faces that the preview found. Without a preview, as where every face is
        switched off, they stay; a preview of what was in front before does not count."""
        shown, why = self._preview, self._preview.why
        found = self.boxes
        if shown.stale:
            return
        if shown.pictures and shown.about.faces and shown.place is not None:
            scale = shown.place.width / max(shown.about.width, 1)
            x, y = shown.place.x, shown.place.y
            found = tuple(
                (x + scale * left, y + scale * top, x + scale * right, y + scale * bottom)
                for left, top, right, bottom in shown.about.faces
            )
        elif why is not None and why.code == NONE:
            found = ()
        if found != self.boxes:
            self.boxes = found
            self.changed.emit()


def lies_in(box: Box, point: Point) -> bool:
    left, top, right, bottom = box
    return left <= point[0] <= right and top <= point[1] <= bottom
