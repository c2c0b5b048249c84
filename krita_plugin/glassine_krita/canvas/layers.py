"""Krita layers in and out as raw bytes. The only file of the plugin that imports krita.

What libkis does and does not do here was tried in Krita 5.1.5: integer pixels are B,G,R,A and float
pixels R,G,B,A with straight alpha; `setPixelData` fails silently, adds no undo step and refreshes
nothing; `addChildNode` adds one undo step and refreshes; a closed document's handle is safe and has
no root. A clone shares its tiles with the original and keeps the ids of its layers.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import krita
from krita import DockWidget, DockWidgetFactory, DockWidgetFactoryBase, Extension

PART = 1 << 20  # bytes read or written at once: about 1 ms
SIZES = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}
CHANNELS = {"CMYKA": 5, "GRAYA": 2}  # all others have four
SRGB = "sRGB-elle-V2-srgbtrc.icc"
SAME = (SRGB, "sRGB-elle-V4-srgbtrc.icc", "sRGB built-in", "sRGB IEC61966-2.1")
REAL = (
    "paintlayer",
    "grouplayer",
    "vectorlayer",
    "clonelayer",
    "filelayer",
    "filllayer",
    "filterlayer",
)


class Refused(Exception):
    """The request cannot be served; the argument names the sentence in texts.py."""


class Busy(Refused):
    """Not now: Krita is at work on the document."""


@dataclass(frozen=True)
class Place:
    """A rectangle of the document, in pixels."""

    x: int
    y: int
    width: int
    height: int

    def __and__(self, other: Place) -> Place:
        x, y = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.width, other.x + other.width)
        bottom = min(self.y + self.height, other.y + other.height)
        return Place(x, y, max(0, right - x), max(0, bottom - y))

    def grown(self, by: int) -> Place:
        return Place(self.x - by, self.y - by, self.width + 2 * by, self.height + 2 * by)

    def strips(self, rows: int) -> Iterator[Place]:
        """From the top, so many rows each."""
        for top in range(0, self.height, rows):
            yield Place(self.x, self.y + top, self.width, min(rows, self.height - top))

    @property
    def empty(self) -> bool:
        return not self.width or not self.height


@dataclass(frozen=True)
class Space:
    """How pixels are kept: Krita's names for colour model, depth and profile."""

    model: str
    depth: str
    profile: str

    @property
    def usable(self) -> bool:
        return self.model == "RGBA" and self.depth in SIZES

    @property
    def pixel(self) -> int:
        """Bytes."""
        return CHANNELS.get(self.model, 4) * SIZES.get(self.depth, 0)

    def same(self, other: Space) -> bool:
        """Whether pixels of the one are pixels of the other. Other profiles than these have sRGB's
        curve in their name and not its colours."""
        if (self.model, self.depth) != (other.model, other.depth):
            return False
        return self.profile == other.profile or {self.profile, other.profile} <= set(SAME)

    def about(self, place: Place) -> dict[str, Any]:
        """What a request says of its pixels; see the engine's raster.py."""
        name = self.profile.lower()
        return {
            "width": place.width,
            "height": place.height,
            "order": "RGBA" if self.depth.startswith("F") else "BGRA",
            "type": self.depth.lower(),
            "linear": "linear" in name or "g10" in name,
        }


def app() -> Any:
    return krita.Krita.instance()


def active() -> Any:
    """The document in front, or None."""
    doc = app().activeDocument()
    return doc if doc is not None and alive(doc) else None


def alive(doc: Any) -> bool:
    return doc is not None and doc.rootNode() is not None


def key(doc: Any) -> str:
    """The same for every handle of one document."""
    return doc.rootNode().uniqueId().toString()


def space(thing: Any) -> Space:
    return Space(thing.colorModel(), thing.colorDepth(), thing.colorProfile())


def clone(doc: Any) -> Any:
    """A copy of the document as it is now; raises Busy while Krita works on it.

    Krita ends where a document is cloned in the middle of a conversion
    ("projectionUpdatesFilters.isEmpty()"), and our timers and the engine's answers can get there:
    Krita looks at its events where it waits for long.
    """
    if not doc.tryBarrierLock():
        raise Busy("document_busy")
    try:
        return doc.clone()
    finally:
        doc.unlock()


def keep_as(node: Any, wanted: Space) -> None:
    """Converts a layer's pixels, if it has any."""
    if space(node) != wanted:
        node.setColorSpace(wanted.model, wanted.depth, wanted.profile)


def canvas(doc: Any) -> Place:
    return Place(0, 0, doc.width(), doc.height())


def find(doc: Any, node_id: Any) -> Any:
    """The layer with that id, anywhere in the tree, or None."""
    if not alive(doc):
        return None
    todo = [doc.rootNode()]
    while todo:
        node = todo.pop()
        if node.uniqueId() == node_id:
            return node
        todo += node.childNodes()
    return None


def active_layer(doc: Any) -> Any:
    """The active layer; of a mask, the layer that it belongs to. None without one."""
    node = doc.activeNode()
    while node is not None and node.type() not in REAL:
        node = node.parentNode()
    return None if node is None or node.parentNode() is None else node


def shown(doc: Any) -> list[Any]:
    """The top layers that make up the picture."""
    nodes = doc.rootNode().childNodes()
    return [node for node in nodes if node.type() in REAL and node.visible()]


def selection(doc: Any) -> Place | None:
    found = doc.selection()
    if found is None:
        return None
    place = Place(found.x(), found.y(), found.width(), found.height()) & canvas(doc)
    return None if place.empty else place


__all__ = [
    "Busy",
    "DockWidget",
    "DockWidgetFactory",
    "DockWidgetFactoryBase",
    "Extension",
    "Place",
    "Refused",
    "Space",
    "active",
    "active_layer",
    "alive",
    "app",
    "canvas",
    "clone",
    "find",
    "keep_as",
    "key",
    "selection",
    "shown",
    "space",
]
