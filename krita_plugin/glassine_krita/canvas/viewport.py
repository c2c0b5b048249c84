"""What of the document is on screen, and a preview on the canvas that leaves nothing behind.

The preview is shown in a clone of the document, opened as a view of its own beside the artist's.
The document itself is not touched at all: there is no undo row to remember, nothing that a save
could catch and nothing to clean up after a crash. (A temporary layer would be all of these.)
"""

from __future__ import annotations

from typing import Any

from ..qt import QtWidgets
from . import layers
from .layers import Place
from .pictures import SCREEN

_POINTS = 72.0  # per inch: Krita's zoom level counts document points


def visible(doc: Any) -> Place:
    """The part of the document that its window shows; all of it where that cannot be known."""
    everything = layers.canvas(doc)
    window = layers.app().activeWindow()
    view = None if window is None else window.activeView()
    if view is None or not layers.alive(view.document()):
        return everything
    if layers.key(view.document()) != layers.key(doc):
        return everything
    shown = view.canvas()
    area = scroll_area(window)
    if area is None or shown.rotation() % 360 or shown.mirror() or shown.wrapAroundMode():
        return everything
    zoom = shown.zoomLevel() * _POINTS / doc.resolution()
    zoom /= area.devicePixelRatioF()
    left, top = area.horizontalScrollBar().value(), area.verticalScrollBar().value()
    size = area.viewport().size()
    found = Place(
        int(left / zoom), int(top / zoom), round(size.width() / zoom), round(size.height() / zoom)
    )
    found &= everything
    return everything if found.empty else found


def scroll_area(window: Any) -> Any:
    """Krita's canvas controller in the window's active view, found by its class name.

    Looked for in the view alone: a search through the whole window takes 60 ms, and this is asked
    several times a second.
    """
    middle = window.qwindow().centralWidget()
    views = None if middle is None else middle.findChild(QtWidgets.QMdiArea)
    view = None if views is None else views.currentSubWindow()
    for area in [] if view is None else view.findChildren(QtWidgets.QAbstractScrollArea):
        if area.metaObject().className().startswith("KisCanvasController") and area.isVisible():
            return area
    return None


class Shown:
    """The preview on the canvas: a clone in a tab of its own, or nothing."""

    def __init__(self) -> None:
        self._copy: Any = None
        self._of = ""
        self._layer: Any = None

    @property
    def on(self) -> bool:
        return layers.alive(self._copy)

    def show(self, doc: Any, picture: bytes, place: Place, title: str) -> None:
        """Puts the picture (8-bit sRGB, BGRA, as large as the place) on top of a clone."""
        if not self.on or self._of != layers.key(doc):
            self.remove()
            self._open(doc, title)
        self._layer.setPixelData(picture, place.x, place.y, place.width, place.height)
        self._copy.refreshProjection()
        self._copy.setModified(False)

    def _open(self, doc: Any, title: str) -> None:
        """A clone has the artist's own file name, under which a save would write the preview over
        their work; and what is painted in it is lost with it, so its layers are locked."""
        copy = layers.clone(doc)
        copy.setFileName("")
        copy.setName(title)
        copy.setBatchmode(True)
        copy.waitForDone()  # 5.1.5 may end where a layer is added to one on its way
        self._layer = copy.createNode(title, "paintlayer")
        layers.keep_as(self._layer, SCREEN)
        copy.rootNode().addChildNode(self._layer, None)
        for node in copy.rootNode().childNodes():
            node.setLocked(True)
        copy.setModified(False)
        layers.app().activeWindow().addView(copy)
        self._copy, self._of = copy, layers.key(doc)

    def remove(self) -> None:
        if self.on:
            self._copy.setModified(False)  # or Krita would ask whether to save it
            self._copy.close()
        self._copy = self._layer = None
        self._of = ""

    def look(self) -> None:
        """Called now and then: goes when the artist's document goes."""
        if not self.on:
            return
        keys = {layers.key(doc) for doc in layers.app().documents() if layers.alive(doc)}
        if self._of not in keys:
            self.remove()
        elif self._copy.modified():
            self._copy.setModified(False)

    def is_copy(self, doc: Any) -> bool:
        """Whether that document is the preview itself, which is never a thing to protect."""
        return self.on and layers.key(doc) == layers.key(self._copy)
