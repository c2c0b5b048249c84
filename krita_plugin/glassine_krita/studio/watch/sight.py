"""What one look at Krita sees; there is no signal for most of it."""

from __future__ import annotations

from dataclasses import dataclass

from ...canvas.layers import active_layer, canvas_of, key_of, selection_of
from ...canvas.libkis import Document
from ...canvas.places import Place
from ...canvas.viewport import visible_part


@dataclass(frozen=True)
class Sight:
    """What one look sees: where it differs from the last one, something has changed.

    layer   id and name of the active layer
    region  what a preview looks at
    frame   the current one of an animation
    """

    document: str
    canvas: Place
    layer: tuple[str, str] | None
    bounds: Place | None
    selection: Place | None
    region: Place
    frame: int


def sight_of(doc: Document, region: Place) -> Sight:
    node, chosen = active_layer(doc), selection_of(doc)
    layer = None if node is None else (node.uniqueId().toString(), node.name())
    bounds = None if node is None else Place.of(node.bounds())
    return Sight(key_of(doc), canvas_of(doc), layer, bounds, chosen, region, doc.currentTime())


class Region:
    """The visible part of a document, which can be held still while a preview is on the canvas."""

    def __init__(self) -> None:
        self._last: tuple[str, Place] | None = None

    def of(self, doc: Document, *, held: bool) -> Place:
        key = key_of(doc)
        if held and self._last is not None and self._last[0] == key:
            return self._last[1]
        place = visible_part(doc)
        self._last = key, place
        return place
