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
SRGB = "sRGB-elle-V2-srgbtrc.icc"
MARGIN = 32  # pixels around a selection that the engine sees and leaves alone
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
        return 4 * SIZES[self.depth]

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


class Picture:
    """Pixels held still while they travel: a clone, so that the artist can paint on."""

    def __init__(self, doc: Any, node_id: Any, place: Place, space: Space, mask: bytes) -> None:
        self._doc, self.place, self.space, self.mask = doc, place, space, mask
        self._node = None if node_id is None else find(doc, node_id)
        self.converted = False

    @property
    def size(self) -> int:
        return self.place.width * self.place.height * self.space.pixel

    def about(self) -> dict[str, Any]:
        return self.space.about(self.place)

    def parts(self) -> Iterator[bytes]:
        """All rows from the top, a few at a time."""
        step = max(1, PART // (self.place.width * self.space.pixel))
        for top in range(0, self.place.height, step):
            yield self.rows(top, min(step, self.place.height - top))

    def rows(self, top: int, count: int) -> bytes:
        source, place = self._node, self.place
        read = self._doc.pixelData if source is None else source.projectionPixelData
        if source is not None and source.type() == "paintlayer" and not source.childNodes():
            read = source.pixelData
        part = bytes(read(place.x, place.y + top, place.width, count))
        if len(part) != place.width * count * self.space.pixel:
            raise Refused("unreadable")
        return part

    def close(self) -> None:
        if self._doc is not None:
            self._doc.setModified(False)
            self._doc.close()
            self._doc = self._node = None


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


def selection(doc: Any) -> Place | None:
    found = doc.selection()
    if found is None:
        return None
    place = Place(found.x(), found.y(), found.width(), found.height()) & canvas(doc)
    return None if place.empty else place


def take(
    doc: Any, scope: str, within: Place | None = None, simple: bool = False
) -> tuple[Picture, Any]:
    """What is to be protected, held still, and the layer it came from (None: all of them).

    scope   "layer", "selection" (of the active layer) or "picture" (everything that shows)
    simple  converted to 8- or 16-bit sRGB where it is anything else, for a preview
    """
    node = None if scope == "picture" else active_layer(doc)
    if scope != "picture" and node is None:
        raise Refused("no_layer")
    place, chosen = canvas(doc), selection(doc)
    if scope == "selection" and chosen is None:
        raise Refused("no_selection")
    if node is not None:
        bounds = node.bounds()
        place &= Place(bounds.x(), bounds.y(), bounds.width(), bounds.height())
    if scope == "selection":
        place &= chosen.grown(MARGIN)
    if within is not None:
        place &= within
    if place.empty:
        raise Refused("empty")
    mask = b""
    if scope == "selection":
        mask = bytes(doc.selection().pixelData(place.x, place.y, place.width, place.height))
    return held(doc, node, place, mask, simple), node


def held(doc: Any, node: Any, place: Place, mask: bytes, simple: bool = False) -> Picture:
    """A clone, converted to RGB where the document's colours are something else."""
    kept, copy = space(doc if node is None else node), doc.clone()
    if copy is None:
        raise Refused("unreadable")
    node_id = None if node is None else node.uniqueId()
    if kept.usable and not (simple and kept.depth.startswith("F")):
        return Picture(copy, node_id, place, kept, mask)
    depth = "U8" if kept.depth == "U8" or simple else "U16"
    copy.setColorSpace("RGBA", depth, SRGB)
    copy.waitForDone()
    picture = Picture(copy, node_id, place, Space("RGBA", depth, SRGB), mask)
    picture.converted = not kept.usable
    return picture


def flattened(doc: Any) -> Picture:
    """The whole picture for an export: sRGB, 8 or 16 bits, as files want it."""
    kept, copy = space(doc), doc.clone()
    if copy is None:
        raise Refused("unreadable")
    depth = "U8" if kept.depth == "U8" else "U16"
    wanted = Space("RGBA", depth, SRGB)
    if (kept.model, kept.depth) != ("RGBA", depth) or "srgbtrc" not in kept.profile.lower():
        copy.setColorSpace(*(wanted.model, wanted.depth, wanted.profile))
        copy.waitForDone()
    picture = Picture(copy, None, canvas(doc), wanted, b"")
    picture.converted = not kept.usable
    return picture


__all__ = [
    "DockWidget",
    "DockWidgetFactory",
    "DockWidgetFactoryBase",
    "Extension",
    "Picture",
    "Place",
    "Refused",
    "Space",
    "active",
    "active_layer",
    "alive",
    "app",
    "canvas",
    "find",
    "flattened",
    "key",
    "selection",
    "space",
    "take",
]
