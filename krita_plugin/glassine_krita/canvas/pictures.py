"""What the engine is to see, held still while it travels, in a colour space that it can read."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeVar

from ..qt import QtCore
from . import layers
from .kinds import extent, isolate, passes_through, refuse_frames, refuse_kinds
from .layers import (
    canvas_of,
    clone,
    find_layer,
    is_open,
    layer_for,
    pixels_in,
    root_of,
    selection_of,
    visible_layers,
)
from .libkis import Document, Node
from .own_layers import OwnLayer, own_layers
from .places import Place
from .refusals import Refused
from .spaces import Space, file_space, space_of

MARGIN = 32  # pixels around a selection that the engine sees and leaves alone


class Picture:
    """A part of a clone, so that the artist can paint on.

    kept   how the document keeps its pixels
    space  how they are read here
    """

    def __init__(
        self,
        copy: Document,
        layer_id: QtCore.QUuid | None,
        place: Place,
        kept: Space,
        wanted: Space,
        mask: bytes = b"",
    ) -> None:
        self._doc: Document | None = copy
        self._node = None if layer_id is None else find_layer(copy, layer_id)
        self.ppi = float(copy.resolution())
        self.place, self.kept, self.space, self.mask = place, kept, kept, mask
        if layer_id is not None and self._node is None:
            self.close()
            raise Refused("unreadable")  # all of the picture would be read instead
        if not kept.same(wanted):
            try:
                self._convert(wanted)
            except Refused:
                self.close()
                raise

    @property
    def _copy(self) -> Document:
        if self._doc is None:
            raise Refused("unreadable")  # it was closed
        return self._doc

    @property
    def narrowed(self) -> bool:
        """Whether the document may hold colours that a file, which is in sRGB, cannot."""
        return self.kept.model != "RGBA" or not self.kept.profile.startswith("sRGB")

    @property
    def converted(self) -> bool:
        """Whether its colours have to be converted to RGB, which the artist is told."""
        return not self.kept.usable

    @property
    def bounds(self) -> Place:
        """Bounds of the layer that this is a part of; its own place for a whole picture."""
        return self.place if self._node is None else Place.of(self._node.bounds())

    @property
    def size(self) -> int:
        return self.place.width * self.place.height * self.space.pixel

    def about(self) -> dict[str, Any]:
        of_document = {"ppi": self.ppi, "grey": self.kept.model == "GRAYA"}
        return {**self.space.about(self.place), **of_document}

    def parts(self) -> Iterator[bytes]:
        """All rows from the top, in parts as they are sent."""
        for strip in self.strips(self.place):
            data = self.read(strip)
            for start in range(0, len(data), layers.PART):
                yield data[start : start + layers.PART]

    def strips(self, place: Place) -> Iterator[Place]:
        """Strips of a place, each of which is read or written in one turn."""
        return place.strips(max(1, layers.PART // (place.width * self.space.pixel)))

    def read(self, place: Place) -> bytes:
        """Packed rows of that place; raises Refused where Krita gives fewer."""
        if self._node is None:
            data = self._copy.pixelData(place.x, place.y, place.width, place.height).data()
        else:
            data = pixels_in(self._node, place)
        if len(data) != place.width * place.height * self.space.pixel:
            raise Refused("unreadable")  # Krita tells of a failed read by fewer bytes, or none
        return data

    def _convert(self, wanted: Space) -> None:
        """Has Krita convert the clone, of which one flat layer is left.

        Blended first: layers that are converted one by one mix to another picture than the one on
        the canvas. Only a document's own conversion will do: 5.1.5 crashes where a single layer of
        a clone is converted.
        """
        copy = self._copy
        flat = copy.createNode("", "paintlayer")
        if space_of(flat).same(self.kept):  # not where a layer has another space than the document
            for strip in self.strips(self.bounds if self.mask else self.place):
                flat.setPixelData(self.read(strip), strip.x, strip.y, strip.width, strip.height)
            for node in root_of(copy).childNodes():
                node.remove()
            root_of(copy).addChildNode(flat, None)
            self._node = flat
        copy.setColorSpace(wanted.model, wanted.depth, wanted.profile)
        copy.waitForDone()
        if not space_of(copy if self._node is None else self._node).same(wanted):
            raise Refused("unreadable")
        self.space = wanted

    def close(self) -> None:
        if self._doc is not None:
            self._doc.setModified(False)
            self._doc.close()
            self._doc = self._node = None


def take_picture(
    doc: Document, scope: str, within: Place | None = None, wanted: Space | None = None
) -> tuple[Picture, Node | None]:
    """What is to be protected, held still, and the layer it came from (None: all of them).

    scope   "layer", "selection" (of the active layer) or "picture" (everything that shows)
    wanted  how it is read; None: as the document has it, or in RGB where that is something else
    """
    node = layer_for(doc, scope)
    if scope != "picture" and node is None:
        raise Refused("no_layer")
    if node is not None:
        refuse_kinds(node)
    place = canvas_of(doc) if node is None else extent(doc, node)
    if scope == "selection":
        chosen = selection_of(doc)
        if chosen is None:
            raise Refused("no_selection")
        place &= chosen.grown(MARGIN)
    if within is not None:
        place &= within
    if place.empty:
        raise Refused("empty")
    mask = selected_pixels(doc, place) if scope == "selection" else b""
    kept, copy = space_of(doc if node is None else node), clone(doc)
    if scope == "picture" and copy is not None:
        without_copies(copy, own_layers(doc))
    return of_open(doc, picture_of(copy, node, place, kept, wanted, mask)), node


def refuse_stills(doc: Document, scope: str) -> None:
    """Raises where the copy of what is chosen would stand over all frames of an animation."""
    node = layer_for(doc, scope)
    refuse_frames(visible_layers(doc) if node is None else [node])


def take_source(doc: Document, made: OwnLayer) -> tuple[Picture, Node | None]:
    """What a copy was made from, as it looks now, and its layer (None: all of them)."""
    then, scope = made.source, made.choice.get("scope", "layer")
    copy = find_layer(doc, made.copy)
    if then is None or copy is None:
        raise Refused("layer_gone")
    node = find_layer(doc, then.layer) if then.layer else None
    if then.layer and node is None:
        raise Refused("layer_gone")
    if scope == "selection" and made.hides:
        raise Refused("no_selection")  # it holds all of the layer
    if scope == "selection":
        place = Place.of(copy.bounds()) & canvas_of(doc)
        mask = covered(copy, place)
    else:
        place = canvas_of(doc) if node is None else extent(doc, node)
        mask = b""
    if place.empty:
        raise Refused("empty")
    return hold_still(doc, node, place, None, mask), node


def covered(copy: Node, place: Place) -> bytes:
    """Where an earlier copy has pixels: one byte each, 255 or 0. Alpha is the last channel, and its
    last byte is 0 only where (nearly) nothing is."""
    pixel = space_of(copy).pixel
    return pixels_in(copy, place)[pixel - 1 :: pixel].translate(bytes([0]) + bytes([255]) * 255)


def take_flattened(doc: Document) -> Picture:
    """The whole picture for an export."""
    return hold_still(doc, None, canvas_of(doc), file_space(space_of(doc)))


def without_copies(copy: Document, made: list[OwnLayer]) -> None:
    """A clone as it would be without earlier copies of the whole picture."""
    gone = [one for one in made if one.choice.get("scope") == "picture"]
    for ids, shown in (([one.copy for one in gone], False), (hidden_by(gone), True)):
        for node in filter(None, (find_layer(copy, one) for one in ids)):
            node.setVisible(shown)
    if gone:
        copy.refreshProjection()
        copy.waitForDone()


def hidden_by(made: list[OwnLayer]) -> list[str]:
    """Ids of all layers that those copies hide."""
    return [one for row in made for one in row.hides]


def hold_still(
    doc: Document, node: Node | None, place: Place, wanted: Space | None, mask: bytes = b""
) -> Picture:
    """A part of a clone that was made just now."""
    kept = space_of(doc if node is None else node)
    return of_open(doc, picture_of(clone(doc), node, place, kept, wanted, mask))


P = TypeVar("P", bound=Picture)


def of_open(doc: Document, picture: P) -> P:
    """The same. Krita looks at its events while it copies and converts: a document that was closed
    meanwhile must not be asked for anything more, which may end Krita."""
    if not is_open(doc):
        picture.close()
        raise Refused("document_gone")
    return picture


def picture_of(
    copy: Document | None,
    node: Node | None,
    place: Place,
    kept: Space,
    wanted: Space | None,
    mask: bytes,
) -> Picture:
    """That part of a clone; of a group that passes through, what it shows by itself."""
    if copy is None:
        raise Refused("unreadable")
    alone = None if node is None or not passes_through(node) else find_layer(copy, node.uniqueId())
    if alone is not None:
        isolate(copy, alone)
        node, kept = None, space_of(copy)
    if wanted is None:
        wanted = kept if kept.usable else file_space(kept)
    return Picture(copy, None if node is None else node.uniqueId(), place, kept, wanted, mask)


def selected_pixels(doc: Document, place: Place) -> bytes:
    """How much each pixel is selected, one byte each; b"" without a selection."""
    found = doc.selection()
    if found is None:
        return b""
    return found.pixelData(place.x, place.y, place.width, place.height).data()
