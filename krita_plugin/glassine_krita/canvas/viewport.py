"""Which part of the document is on screen."""

from __future__ import annotations

from ..qt import QtWidgets
from .layers import app, canvas_of, is_open, key_of
from .libkis import Document, Window
from .places import Place

_POINTS = 72.0  # per inch: Krita's zoom level counts document points


def visible_part(doc: Document) -> Place:
    """The part of the document that its window shows; all of it where that cannot be known."""
    everything = canvas_of(doc)
    window = app().activeWindow()
    view = None if window is None else window.activeView()
    if window is None or view is None or not is_open(view.document()):
        return everything
    if key_of(view.document()) != key_of(doc):
        return everything
    canvas = view.canvas()
    area = scroll_area_of(window)
    if area is None or canvas.rotation() % 360 or canvas.mirror() or canvas.wrapAroundMode():
        return everything
    zoom = canvas.zoomLevel() * _POINTS / doc.resolution()
    zoom /= area.devicePixelRatioF()
    across, down, viewport = area.horizontalScrollBar(), area.verticalScrollBar(), area.viewport()
    if across is None or down is None or viewport is None:
        return everything
    size = viewport.size()
    found = Place(
        int(across.value() / zoom),
        int(down.value() / zoom),
        round(size.width() / zoom),
        round(size.height() / zoom),
    )
    found &= everything
    return everything if found.empty else found


def scroll_area_of(window: Window) -> QtWidgets.QAbstractScrollArea | None:
    """Krita's canvas controller in the window's active view, found by its class name.

    Looked for in the view alone: a search through the whole window takes 60 ms, and this is asked
    several times a second.
    """
    middle = window.qwindow().centralWidget()
    views = None if middle is None else middle.findChild(QtWidgets.QMdiArea)
    view = None if views is None else views.currentSubWindow()
    for area in [] if view is None else view.findChildren(QtWidgets.QAbstractScrollArea):
        kind = area.metaObject()
        named = kind is not None and (kind.className() or "").startswith("KisCanvasController")
        if named and area.isVisible():
            return area
    return None
