"""A preview on the canvas that leaves nothing behind.

The preview is shown in a clone of the document, opened as a view of its own beside the artist's.
The document itself is not touched at all: there is no undo row to remember, nothing that a save
could catch and nothing to clean up after a crash. (A temporary layer would be all of these.)
"""

from __future__ import annotations

from ..qt import QtWidgets
from .kinds import mix_as, stands_alone
from .layers import (
    active_window,
    clone,
    find_layer,
    is_open,
    key_of,
    layer_for,
    open_documents,
    root_of,
)
from .libkis import Document, Node
from .own_layers import own_layers
from .places import Place
from .refusals import Refused
from .spaces import SCREEN, convert_pixels, space_of


class PreviewTab:
    """The preview on the canvas: a clone in a tab of its own, or nothing."""

    def __init__(self) -> None:
        self._copy: Document | None = None
        self._of: tuple[str, str, Place, int] | None = None  # document, layer, place, frame
        self._layer: Node | None = None
        self._tab: QtWidgets.QWidget | None = None
        self._title = ""

    @property
    def on(self) -> bool:
        """Whether it can be seen: an undo in its tab removes its layer."""
        return is_open(self._copy) and self._layer is not None and bool(self._layer.parentNode())

    def show(self, doc: Document, scope: str, picture: bytes, place: Place, title: str) -> None:
        """Puts the picture (8-bit sRGB, BGRA, as large as the place) where the result would be."""
        node = layer_for(doc, scope)
        named = "" if node is None else node.uniqueId().toString()
        of = key_of(doc), named, place, doc.currentTime()
        if not self.on or self._of != of:
            self.remove()
            self._open(doc, named, place, picture, title)
            self._of = of
        assert self._copy is not None and self._layer is not None
        self._layer.setPixelData(picture, place.x, place.y, place.width, place.height)
        self._copy.refreshProjection()
        self._copy.setModified(False)

    def _open(self, doc: Document, named: str, place: Place, picture: bytes, title: str) -> None:
        """A clone has the artist's own file name, under which a save would write the preview over
        their work, so it loses that; and what is painted in it would be lost, so it is locked."""
        copy = clone(doc)
        if copy is None:
            raise Refused("unreadable")
        copy.setFileName("")
        copy.setName(title)
        copy.setBatchmode(True)
        copy.waitForDone()  # 5.1.5 may crash where a layer is added before a clone is ready
        layer = copy.createNode(title, "paintlayer")
        convert_pixels(layer, SCREEN)
        for made in own_layers(copy):
            earlier = find_layer(copy, made.copy)
            if earlier is not None and made.source is not None and made.source.layer == named:
                earlier.setVisible(False)  # the result would be in its place
        source = find_layer(copy, named) if named else None
        if source is not None and not (stands_alone(source) and opaque(picture)):
            in_place_of(copy, source, layer, place)
        parent = None if source is None else source.parentNode()
        (root_of(copy) if parent is None else parent).addChildNode(layer, source)
        for node in root_of(copy).childNodes():
            node.setLocked(True)
        copy.setModified(False)
        active_window().addView(copy)
        self._copy, self._layer, self._title, self._tab = copy, layer, title, front_tab()
        self._name_tab()

    def _name_tab(self) -> None:
        """Puts our title on the tab: Krita calls a document without a file "Not Saved"."""
        if self._tab is not None and self._tab.windowTitle() != self._title:
            self._tab.setWindowTitle(self._title)

    def remove(self) -> None:
        if is_open(self._copy):
            self._copy.setModified(False)  # or Krita would ask whether to save it
            self._copy.close()
        self._copy = self._layer = self._tab = self._of = None

    def follow_document(self) -> None:
        """Called now and then: closes it when the artist's document is closed, or it was undone."""
        if not is_open(self._copy):
            self._tab = None
            return
        opened = {key_of(doc) for doc in open_documents()}
        if not self.on or self._of is None or self._of[0] not in opened:
            self.remove()
            return
        self._name_tab()
        if self._copy.modified():
            self._copy.setModified(False)

    def is_copy(self, doc: Document) -> bool:
        """Whether that document is the preview itself, which is never a thing to protect."""
        return is_open(self._copy) and key_of(doc) == key_of(self._copy)


def in_place_of(copy: Document, source: Node, layer: Node, place: Place) -> None:
    """The layer takes the source's place and the way it is mixed; the part of the source that it
    shows is made empty, so that both do not show together."""
    mix_as(source, layer)
    layer.setVisible(source.visible())
    if source.type() == "paintlayer":
        empty = bytes(place.width * place.height * space_of(source).pixel)
        source.setPixelData(empty, place.x, place.y, place.width, place.height)
    elif source.type() == "grouplayer":
        hole = copy.createNode("", "paintlayer")
        convert_pixels(hole, SCREEN)
        full = b"\xff" * (4 * place.width * place.height)
        hole.setPixelData(full, place.x, place.y, place.width, place.height)
        hole.setBlendingMode("erase")
        source.addChildNode(hole, None)
    else:
        source.setVisible(False)


def opaque(picture: bytes) -> bool:
    """Whether no pixel of 8-bit BGRA is partly transparent."""
    return picture[3::4].count(255) + picture[3::4].count(0) == len(picture) // 4


def front_tab() -> QtWidgets.QWidget | None:
    """The view that was opened last, as a tab."""
    middle = active_window().qwindow().centralWidget()
    views = None if middle is None else middle.findChild(QtWidgets.QMdiArea)
    return None if views is None else views.currentSubWindow()
