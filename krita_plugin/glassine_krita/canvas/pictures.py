"""What the engine is to see, held still while it travels, in a colour space that it can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from . import layers
from .layers import SRGB, Place, Refused, Space, active_layer, canvas, find, selection, space

MARGIN = 32  # pixels around a selection that the engine sees and leaves alone
SCREEN = Space("RGBA", "U8", SRGB)


class Picture:
    """A part of a clone, so that the artist can paint on.

    kept   how the document keeps its pixels
    space  how they are read
    """

    def __init__(
        self, copy: Any, node_id: Any, place: Place, kept: Space, wanted: Space, mask: bytes = b""
    ) -> None:
        self._doc, self._node = copy, None if node_id is None else find(copy, node_id)
        self.place, self.kept, self.space, self.mask = place, kept, kept, mask
        if node_id is not None and self._node is None:
            self.close()
            raise Refused("unreadable")  # all of the picture would be read instead
        if not kept.same(wanted):
            try:
                self._convert(wanted)
            except Refused:
                self.close()
                raise

    @property
    def converted(self) -> bool:
        """Whether the artist has to be told."""
        return not self.kept.usable

    @property
    def bounds(self) -> Place:
        """All of the layer that this is a part of."""
        return Place(*self._node.bounds().getRect())

    @property
    def size(self) -> int:
        return self.place.width * self.place.height * self.space.pixel

    def about(self) -> dict[str, Any]:
        return self.space.about(self.place)

    def parts(self) -> Iterator[bytes]:
        """All rows from the top, in parts as they are sent."""
        for strip in self.strips(self.place):
            data = self.read(strip)
            for start in range(0, len(data), layers.PART):
                yield data[start : start + layers.PART]

    def strips(self, place: Place) -> Iterator[Place]:
        """Places that are read or written in one turn."""
        return place.strips(max(1, layers.PART // (place.width * self.space.pixel)))

    def read(self, place: Place) -> bytes:
        """Packed rows."""
        source = self._node
        read = self._doc.pixelData if source is None else source.projectionPixelData
        if source is not None and source.type() == "paintlayer" and not source.childNodes():
            read = source.pixelData
        data = bytes(read(place.x, place.y, place.width, place.height))
        if len(data) != place.width * place.height * self.space.pixel:
            raise Refused("unreadable")  # Krita tells of a failed read by fewer bytes, or none
        return data

    def _convert(self, wanted: Space) -> None:
        """Has Krita convert the clone, of which one flat layer is left.

        Blended first: layers that are converted one by one mix to another picture than the one on
        the canvas. Only a document's own conversion will do: 5.1.5 crashes where a single layer of
        a clone is converted.
        """
        flat = self._doc.createNode("", "paintlayer")
        if space(flat).same(self.kept):  # not where a layer keeps colours of its own
            for strip in self.strips(self.bounds if self.mask else self.place):
                flat.setPixelData(self.read(strip), strip.x, strip.y, strip.width, strip.height)
            for node in self._doc.rootNode().childNodes():
                node.remove()
            self._doc.rootNode().addChildNode(flat, None)
            self._node = flat
        self._doc.setColorSpace(wanted.model, wanted.depth, wanted.profile)
        self._doc.waitForDone()
        if not space(self._doc if self._node is None else self._node).same(wanted):
            raise Refused("unreadable")
        self.space = wanted

    def close(self) -> None:
        if self._doc is not None:
            self._doc.setModified(False)
            self._doc.close()
            self._doc = self._node = None


def take(
    doc: Any, scope: str, within: Place | None = None, wanted: Space | None = None
) -> tuple[Picture, Any]:
    """What is to be protected, held still, and the layer it came from (None: all of them).

    scope   "layer", "selection" (of the active layer) or "picture" (everything that shows)
    wanted  how it is read; None: as the document has it, or in RGB where that is something else
    """
    node = None if scope == "picture" else active_layer(doc)
    if scope != "picture" and node is None:
        raise Refused("no_layer")
    place, chosen = canvas(doc), selection(doc)
    if scope == "selection" and chosen is None:
        raise Refused("no_selection")
    if node is not None:
        place &= Place(*node.bounds().getRect())
    if scope == "selection":
        place &= chosen.grown(MARGIN)
    if within is not None:
        place &= within
    if place.empty:
        raise Refused("empty")
    mask = b""
    if scope == "selection":
        mask = bytes(doc.selection().pixelData(place.x, place.y, place.width, place.height))
    return held(doc, node, place, wanted, mask), node


def held(doc: Any, node: Any, place: Place, wanted: Space | None, mask: bytes = b"") -> Picture:
    kept, copy = space(doc if node is None else node), layers.clone(doc)
    if copy is None:
        raise Refused("unreadable")
    if wanted is None:
        wanted = kept if kept.usable else file_space(kept)
    return Picture(copy, None if node is None else node.uniqueId(), place, kept, wanted, mask)


def flattened(doc: Any) -> Picture:
    """The whole picture for an export."""
    return held(doc, None, canvas(doc), file_space(space(doc)))


def file_space(kept: Space) -> Space:
    """sRGB with 8 or 16 bits, as files want it."""
    return Space("RGBA", "U8" if kept.depth == "U8" else "U16", SRGB)
