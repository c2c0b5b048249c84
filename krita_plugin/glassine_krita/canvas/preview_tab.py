"""A preview on the canvas that leaves nothing behind.

The preview is shown in a clone of the document, opened as a view of its own beside the artist's.
The document itself is not touched at all: there is no undo row to remember, nothing that a save
could catch and nothing to clean up after a crash. (A temporary layer would be all of these.)
"""

from __future__ import annotations

from .layers import active_window, clone, is_open, key_of, open_documents, root_of
from .libkis import Document, Node
from .places import Place
from .refusals import Refused
from .spaces import SCREEN, convert_pixels


class PreviewTab:
    """The preview on the canvas: a clone in a tab of its own, or nothing."""

    def __init__(self) -> None:
        self._copy: Document | None = None
        self._of = ""
        self._layer: Node | None = None

    @property
    def on(self) -> bool:
        return is_open(self._copy)

    def show(self, doc: Document, picture: bytes, place: Place, title: str) -> None:
        """Puts the picture (8-bit sRGB, BGRA, as large as the place) on top of a clone."""
        if not self.on or self._of != key_of(doc):
            self.remove()
            self._open(doc, title)
        assert self._copy is not None and self._layer is not None
        self._layer.setPixelData(picture, place.x, place.y, place.width, place.height)
        self._copy.refreshProjection()
        self._copy.setModified(False)

    def _open(self, doc: Document, title: str) -> None:
        """A clone has the artist's own file name, under which a save would write the preview over
        their work; and what is painted in it is lost with it, so its layers are locked."""
        copy = clone(doc)
        if copy is None:
            raise Refused("unreadable")
        copy.setFileName("")
        copy.setName(title)
        copy.setBatchmode(True)
        copy.waitForDone()  # 5.1.5 may end where a layer is added to one on its way
        layer = copy.createNode(title, "paintlayer")
        convert_pixels(layer, SCREEN)
        root_of(copy).addChildNode(layer, None)
        for node in root_of(copy).childNodes():
            node.setLocked(True)
        copy.setModified(False)
        active_window().addView(copy)
        self._copy, self._layer, self._of = copy, layer, key_of(doc)

    def remove(self) -> None:
        if is_open(self._copy):
            self._copy.setModified(False)  # or Krita would ask whether to save it
            self._copy.close()
        self._copy = self._layer = None
        self._of = ""

    def follow_document(self) -> None:
        """Called now and then: goes when the artist's document goes."""
        if not is_open(self._copy):
            return
        if self._of not in {key_of(doc) for doc in open_documents()}:
            self.remove()
        elif self._copy.modified():
            self._copy.setModified(False)

    def is_copy(self, doc: Document) -> bool:
        """Whether that document is the preview itself, which is never a thing to protect."""
        return is_open(self._copy) and key_of(doc) == key_of(self._copy)
