"""Krita's documents and layers, found and told apart.

What libkis does and does not do here was tried in Krita 5.1.5: integer pixels are B,G,R,A and float
pixels R,G,B,A with straight alpha; `setPixelData` fails silently, adds no undo step and refreshes
nothing; `addChildNode` adds one undo step and refreshes; a closed document's handle is safe and has
no root. A clone shares its tiles with the original and keeps the ids of its layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeGuard

from ..qt import QtCore
from .libkis import Application, Document, Krita, Node, Window
from .places import Place
from .refusals import Busy, Refused

PART = 1 << 20  # bytes read or written at once: about 1 ms
REAL = (
    "paintlayer",
    "grouplayer",
    "vectorlayer",
    "clonelayer",
    "filelayer",
    "filllayer",
    "filterlayer",
)
"""Types of nodes that are layers, and not masks."""


def app() -> Application:
    return Krita.instance()


def active_window() -> Window:
    """The window in front; while a document is open there is one."""
    window = app().activeWindow()
    assert window is not None
    return window


def open_documents() -> list[Document]:
    return [doc for doc in app().documents() if is_open(doc)]


def active_document() -> Document | None:
    """The document in front, or None."""
    doc = app().activeDocument()
    return doc if is_open(doc) else None


def is_open(doc: Document | None) -> TypeGuard[Document]:
    """Whether it is still there: the handle of a closed document has no root."""
    return doc is not None and doc.rootNode() is not None


def root_of(doc: Document) -> Node:
    """The root layer of an open document."""
    root = doc.rootNode()
    assert root is not None
    return root


def key_of(doc: Document) -> str:
    """A key that is the same for every handle of one document."""
    return root_of(doc).uniqueId().toString()


def clone(doc: Document) -> Document | None:
    """A copy of the document as it is now; raises Busy while Krita works on it.

    Krita crashes where a document is cloned in the middle of a conversion
    ("projectionUpdatesFilters.isEmpty()"), and our timers and the engine's answers can come just
    then: Krita handles events during long waits.
    """
    if not doc.tryBarrierLock():
        raise Busy("document_busy")
    try:
        return doc.clone()
    finally:
        doc.unlock()


def canvas_of(doc: Document) -> Place:
    return Place(0, 0, doc.width(), doc.height())


def selection_of(doc: Document) -> Place | None:
    """The rectangle around what is selected on the canvas."""
    found = doc.selection()
    if found is None:
        return None
    place = Place(found.x(), found.y(), found.width(), found.height()) & canvas_of(doc)
    return None if place.empty else place


def all_layers(doc: Document) -> Iterator[Node]:
    """The whole tree, masks included, the root first; nothing of a closed document."""
    todo = [root_of(doc)] if is_open(doc) else []
    while todo:
        node = todo.pop()
        yield node
        todo += node.childNodes()


def find_layer(doc: Document, layer_id: QtCore.QUuid | str) -> Node | None:
    """The layer with that id, anywhere in the tree, or None."""
    wanted = layer_id if isinstance(layer_id, str) else layer_id.toString()
    return next((one for one in all_layers(doc) if one.uniqueId().toString() == wanted), None)


def is_plain(node: Node) -> bool:
    """Whether a copy above the layer looks as the layer alone would."""
    mixed = node.opacity() == 255 and node.blendingMode() == "normal"
    return mixed and not node.inheritAlpha() and node.visible() and not in_passing(node)


def in_passing(node: Node) -> bool:
    """Whether it lies in a group that passes through, which mixes its layers one by one."""
    parent = node.parentNode()
    return parent is not None and (parent.passThroughMode() or in_passing(parent))


def pixels_in(node: Node, place: Place) -> bytes:
    """What the layer shows there, its masks and children included: packed rows."""
    plain = node.type() == "paintlayer" and not node.childNodes()
    read = node.pixelData if plain else node.projectionPixelData
    return read(place.x, place.y, place.width, place.height).data()


def active_layer(doc: Document) -> Node | None:
    """The active layer; of a mask, the layer that it belongs to. None without one."""
    node = doc.activeNode()
    while node is not None and node.type() not in REAL:
        node = node.parentNode()
    return None if node is None or node.parentNode() is None else node


def layer_for(doc: Document, scope: str) -> Node | None:
    """The layer that a choice of that scope is about; None for the picture, which is all of them,
    and where no layer is active."""
    return None if scope == "picture" else active_layer(doc)


def visible_layers(doc: Document) -> list[Node]:
    """The top layers that make up the picture."""
    nodes = root_of(doc).childNodes()
    return [node for node in nodes if node.type() in REAL and node.visible()]


def write_rows(node: Node, strip: Place, part: bytes) -> None:
    """Raises Refused where Krita wrote nothing: 5.1.5 reports no failure, so a row is read back."""
    node.setPixelData(part, strip.x, strip.y, strip.width, strip.height)
    sample = node.pixelData(strip.x, strip.y, strip.width, 1).data()
    if not sample or not part.startswith(sample):
        raise Refused("not_written")
