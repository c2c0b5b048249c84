"""A finished result -> a new layer above the one it came from, in one undo step."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any, ClassVar

from ..qt import QtCore
from ..studio import already_protected
from . import layers
from .layers import Place, Refused, Space
from .pictures import Picture

SELECTED = re.compile(rb"[^\0]+")
LOOK, LOOKS = 100, 10  # milliseconds between looks at whether Krita has changed the active layer


@dataclass(frozen=True)
class Result:
    """Pixels that came back, and where they belong. Kept until they are somewhere safe.

    replaces  the original has see-through parts or a blending mode of its own: a copy above it
              would show twice, so the original is hidden (it is not changed)
    rest      of a part that replaces the whole: the picture that it was taken from
    """

    pixels: memoryview
    place: Place
    space: Space
    name: str
    above: Any = None  # unique id of the layer it came from; None: on top of all
    replaces: bool = False
    rest: Picture | None = None


def rows(result: Result) -> Iterator[tuple[Place, bytes]]:
    """A few rows at a time, and where they go."""
    place, pixel = result.place, result.space.pixel
    stride = place.width * pixel
    for strip in place.strips(max(1, layers.PART // stride)):
        start = (strip.y - place.y) * stride
        part = bytes(result.pixels[start : start + strip.height * stride])
        yield strip, part if result.rest is None else among(result.rest, strip, part, pixel)


def among(rest: Picture, strip: Place, part: bytes, pixel: int) -> bytes:
    """Selected pixels of the result among the original's others."""
    whole, start = bytearray(rest.read(strip)), (strip.y - rest.place.y) * strip.width
    for run in SELECTED.finditer(rest.mask, start, start + strip.width * strip.height):
        at, end = (run.start() - start) * pixel, (run.end() - start) * pixel
        whole[at:end] = part[at:end]
    return bytes(whole)


def fill(node: Any, result: Result) -> Iterator[None]:
    """Writes all rows into a layer; yields between parts so that the window stays alive."""
    if result.rest is not None:
        for strip in result.rest.strips(result.rest.bounds):
            write(node, strip, result.rest.read(strip))
            yield
    for strip, part in rows(result):
        write(node, strip, part)
        yield


def write(node: Any, strip: Place, part: bytes) -> None:
    """5.1.5 tells of a failed write by nothing at all, so a row is read back."""
    node.setPixelData(part, strip.x, strip.y, strip.width, strip.height)
    sample = bytes(node.pixelData(strip.x, strip.y, strip.width, 1))
    if not sample or not part.startswith(sample):
        raise Refused("not_written")


def add(doc: Any, result: Result) -> Iterator[None]:
    """Yields until the layer is in its place; raises Refused where it has none any more."""
    home(doc, result)
    node = new_layer(doc, result)
    yield from fill(node, result)
    source, was = home(doc, result), doc.activeNode()
    hidden = []
    if result.replaces:
        hidden = layers.shown(doc) if source is None else [source]
    if hidden and source is not None:
        node.setOpacity(source.opacity())
        node.setBlendingMode(source.blendingMode())
        node.setInheritAlpha(source.inheritAlpha())
    for one in hidden:
        one.setVisible(False)
    parent = doc.rootNode() if source is None else source.parentNode()
    parent.addChildNode(node, source)
    already_protected.remember(doc, node.uniqueId())
    for one in hidden:
        Hidden.watch(doc, one.uniqueId(), node)
    if was is not None:
        stay(doc, was.uniqueId(), node.uniqueId())


def home(doc: Any, result: Result) -> Any:
    """The layer that the result came from; None for a picture, which is all of them."""
    if not layers.alive(doc):
        raise Refused("document_gone")
    source = None if result.above is None else layers.find(doc, result.above)
    if result.above is not None and source is None:
        raise Refused("layer_gone")
    return source


def stay(doc: Any, was: Any, made: Any, looks: int = LOOKS) -> None:
    """The artist goes on where they were: Krita makes an added layer the active one a moment
    later, and who paints on would paint on the protected copy."""
    active = doc.activeNode() if layers.alive(doc) else None
    if active is not None and active.uniqueId() == made:
        if (node := layers.find(doc, was)) is not None:
            doc.setActiveNode(node)
    elif looks and active is not None and active.uniqueId() == was:
        QtCore.QTimer.singleShot(LOOK, partial(stay, doc, was, made, looks - 1))


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
