"""A finished result -> a new layer above the one it came from, in one undo step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

from . import known, layers
from .layers import PART, Place, Refused, Space


@dataclass(frozen=True)
class Result:
    """Pixels that came back, and where they belong. Kept until they are somewhere safe.

    replaces  the original has see-through parts or a blending mode of its own: a copy above it
              would show twice, so the original is hidden (it is not changed)
    """

    pixels: memoryview
    place: Place
    space: Space
    name: str
    above: Any = None  # unique id of the layer it came from; None: on top of all
    replaces: bool = False


def rows(result: Result) -> Iterator[tuple[int, int, bytes]]:
    """(top, rows, bytes), a few rows at a time."""
    stride = result.place.width * result.space.pixel
    step = max(1, PART // stride)
    for top in range(0, result.place.height, step):
        count = min(step, result.place.height - top)
        yield top, count, bytes(result.pixels[top * stride : (top + count) * stride])


def fill(node: Any, result: Result) -> Iterator[None]:
    """Writes all rows into a layer; yields between parts so that the window stays alive."""
    place = result.place
    for top, count, part in rows(result):
        node.setPixelData(part, place.x, place.y + top, place.width, count)
        yield
    sample = bytes(node.pixelData(place.x, place.y, place.width, 1))
    if sample != bytes(result.pixels[: len(sample)]) or not sample:
        raise Refused("not_written")  # 5.1.5 tells of a failed write by nothing at all


def add(doc: Any, result: Result) -> Iterator[None]:
    """Yields until the layer is in its place; raises Refused where it has none any more."""
    if not layers.alive(doc):
        raise Refused("document_gone")
    source = None if result.above is None else layers.find(doc, result.above)
    if result.above is not None and source is None:
        raise Refused("layer_gone")
    node = new_layer(doc, result)
    yield from fill(node, result)
    if not layers.alive(doc):
        raise Refused("document_gone")
    source = None if result.above is None else layers.find(doc, result.above)
    if result.above is not None and source is None:
        raise Refused("layer_gone")
    if source is None:
        doc.rootNode().addChildNode(node, None)
        known.remember(doc, node.uniqueId())
        return
    if result.replaces:
        node.setOpacity(source.opacity())
        node.setBlendingMode(source.blendingMode())
        node.setInheritAlpha(source.inheritAlpha())
        source.setVisible(False)
    source.parentNode().addChildNode(node, source)
    known.remember(doc, node.uniqueId())
    if result.replaces:
        Hidden.watch(doc, source.uniqueId(), node)


def new_layer(doc: Any, result: Result) -> Any:
    """A detached paint layer in the result's own colour space."""
    node = doc.createNode(result.name, "paintlayer")
    layers.keep_as(node, result.space)
    return node


def as_document(result: Result) -> Iterator[Any]:
    """A result without a home -> a document of its own; the last value yielded is that."""
    place, kept = result.place, result.space
    doc = layers.app().createDocument(
        place.width, place.height, result.name, kept.model, kept.depth, kept.profile, 72.0
    )
    here = Result(result.pixels, Place(0, 0, place.width, place.height), kept, result.name)
    node = new_layer(doc, here)
    yield from fill(node, here)
    doc.rootNode().addChildNode(node, None)
    layers.app().activeWindow().addView(doc)
    yield doc


class Hidden:
    """Originals that are hidden under their protected copy. Undoing the copy shows them again,
    redoing it hides them: hiding is no undo step of its own in Krita."""

    pairs: ClassVar[list[tuple[Any, Any, Any, bool]]] = []

    @classmethod
    def watch(cls, doc: Any, source_id: Any, copy: Any) -> None:
        cls.pairs.append((doc, source_id, copy.uniqueId(), True))

    @classmethod
    def look(cls) -> None:
        """Called now and then. Acts on changes only: the artist may show the original again."""
        kept = []
        for doc, source_id, copy_id, was in cls.pairs:
            source = layers.find(doc, source_id)
            if source is None:
                continue
            there = layers.find(doc, copy_id) is not None
            if there != was:
                source.setVisible(not there)
                doc.refreshProjection()
            kept.append((doc, source_id, copy_id, there))
        cls.pairs = kept
