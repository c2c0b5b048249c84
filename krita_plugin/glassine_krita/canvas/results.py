"""A finished result -> a new layer above the one it came from, in one undo step."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

from ..qt import QtCore
from . import layers
from .frames import Film
from .hidden_originals import HiddenOriginals
from .kinds import mix_as
from .layers import (
    active_window,
    app,
    find_layer,
    is_open,
    root_of,
    visible_layers,
    write_rows,
)
from .libkis import Document, Node
from .own_layers import OwnLayer, earlier_copies, forget_layer, remember_layer
from .pictures import Picture
from .places import Place
from .refusals import Refused
from .sources import Compared, Source, compared
from .spaces import Space, convert_pixels

SELECTED = re.compile(rb"[^\0]+")  # runs of selected pixels in a mask
LOOK, LOOKS = 100, 10  # milliseconds between looks at whether Krita has changed the active layer


@dataclass(frozen=True)
class Result:
    """Pixels that came back, and where they belong. Kept until they are somewhere safe.

    replaces  the original has see-through parts or a blending mode of its own: a copy above it
              would show twice, so the original is hidden (it is not changed)
    rest      the whole picture, where the pixels are a part of it and the layer replaces all
    source    what it was made from, as it looked; None: nothing to compare it with
    choice    what the artist chose for it
    film      the animated layer with its frames, which are not in `pixels`; `frames`: times of
              those that were changed
    """

    pixels: memoryview
    place: Place
    space: Space
    name: str
    above: QtCore.QUuid | None = None  # id of the layer it came from; None: on top of all
    replaces: bool = False
    rest: Picture | None = None
    source: Source | None = None
    choice: dict[str, Any] = field(default_factory=dict)
    film: Film | None = None
    frames: tuple[int, ...] = ()


def add_layer(doc: Document, result: Result) -> Generator[None, None, None]:
    """Yields until the layer is in its place; raises Refused where that place is gone."""
    source_layer(doc, result)
    found = Compared("same")
    if result.source is not None:
        found = yield from compared(doc, result.source)
    if found.change == "other":
        raise Refused("picture_changed")
    if result.film is not None:
        node = yield from developed(result.film, result)
    else:
        node = new_layer(doc, result)
        yield from fill_layer(node, result, found.dx, found.dy)
    source, was = source_layer(doc, result), doc.activeNode()
    hidden = []
    if result.replaces:
        hidden = visible_layers(doc) if source is None else [source]
    made = OwnLayer(node.uniqueId().toString(), now_at(result, found), choice=result.choice)
    taken = earlier_copies(doc, made)
    for note, earlier in taken:
        hidden = [one for one in hidden if one.uniqueId() != earlier.uniqueId()]
        hidden += [one for one in map(partial(find_layer, doc), note.hides) if one is not None]
        take_away(doc, note, earlier)
    if hidden and source is not None:
        mix_as(source, node)
        node.setVisible(source.visible() or bool(taken))
    for one in hidden:
        one.setVisible(False)
    parent = None if source is None else source.parentNode()
    (root_of(doc) if parent is None else parent).addChildNode(node, source)
    ids = tuple(dict.fromkeys(one.uniqueId().toString() for one in hidden))
    remember_layer(doc, replace(made, hides=ids))
    for original in ids:
        HiddenOriginals.watch(doc, original, made.copy)
    if was is not None:
        stay_on(doc, was.uniqueId(), node.uniqueId())


def developed(film: Film, result: Result) -> Generator[None, None, Node]:
    """A detached layer with all frames of the film, changed or not."""
    left = tuple(at for at in film.times if at not in result.frames)
    made = None
    for made in film.finished(result.name, left):
        if made is None:
            yield
    if made is None:
        raise Refused("not_written")
    return made


def now_at(result: Result, found: Compared) -> Source | None:
    """What the copy was made from, where that lies now."""
    then, dx, dy = result.source, found.dx, found.dy
    if then is None:
        return None
    return replace(then, bounds=then.bounds.moved(dx, dy), place=then.place.moved(dx, dy))


def take_away(doc: Document, note: OwnLayer, earlier: Node) -> None:
    """Removes an earlier copy of the same thing; one that the artist added to is hidden instead."""
    if earlier.childNodes():
        earlier.setVisible(False)
    else:
        earlier.remove()
        forget_layer(doc, note.copy)


def open_as_document(result: Result) -> Iterator[None]:
    """Makes a document of its own for a result whose document or layer is gone."""
    if result.film is not None:
        result.film.open()
        return
    place, space = result.place, result.space
    doc = app().createDocument(
        place.width, place.height, result.name, space.model, space.depth, space.profile, 72.0
    )
    moved = replace(
        result,
        place=Place(0, 0, place.width, place.height),
        above=None,
        replaces=False,
        rest=None,
    )
    node = new_layer(doc, moved)
    yield from fill_layer(node, moved)
    root_of(doc).addChildNode(node, None)
    active_window().addView(doc)


def source_layer(doc: Document, result: Result) -> Node | None:
    """The layer that the result came from; None for a picture, which is all of them."""
    if not is_open(doc):
        raise Refused("document_gone")
    source = None if result.above is None else find_layer(doc, result.above)
    if result.above is not None and source is None:
        raise Refused("layer_gone")
    return source


def new_layer(doc: Document, result: Result) -> Node:
    """A detached paint layer in the result's own colour space."""
    node = doc.createNode(result.name, "paintlayer")
    convert_pixels(node, result.space)
    return node


def fill_layer(node: Node, result: Result, dx: int = 0, dy: int = 0) -> Iterator[None]:
    """Writes all rows into a layer; yields between parts so that the window stays alive.

    dx, dy  pixels that the place was moved by since the picture was taken
    """
    if result.rest is not None:
        for strip in result.rest.strips(result.rest.bounds):
            write_rows(node, strip.moved(dx, dy), result.rest.read(strip))
            yield
    for strip, part in rows_of(result):
        write_rows(node, strip.moved(dx, dy), part)
        yield


def rows_of(result: Result) -> Iterator[tuple[Place, bytes]]:
    """A few rows at a time, and where they go."""
    place, pixel = result.place, result.space.pixel
    stride = place.width * pixel
    for strip in place.strips(max(1, layers.PART // stride)):
        start = (strip.y - place.y) * stride
        part = bytes(result.pixels[start : start + strip.height * stride])
        yield strip, part if result.rest is None else among_rest(result.rest, strip, part, pixel)


def among_rest(rest: Picture, strip: Place, part: bytes, pixel: int) -> bytes:
    """Selected pixels of the result among the original's others."""
    whole, start = bytearray(rest.read(strip)), (strip.y - rest.place.y) * strip.width
    for run in SELECTED.finditer(rest.mask, start, start + strip.width * strip.height):
        at, end = (run.start() - start) * pixel, (run.end() - start) * pixel
        whole[at:end] = part[at:end]
    return bytes(whole)


def stay_on(doc: Document, was: QtCore.QUuid, made: QtCore.QUuid, looks: int = LOOKS) -> None:
    """Makes the artist's layer the active one again. Krita makes an added layer active a moment
    later, and whoever paints on would paint on the protected copy."""
    active = doc.activeNode() if is_open(doc) else None
    if active is not None and active.uniqueId() == made:
        if (node := find_layer(doc, was)) is not None:
            doc.setActiveNode(node)
    elif looks and active is not None and active.uniqueId() == was:
        QtCore.QTimer.singleShot(LOOK, partial(stay_on, doc, was, made, looks - 1))
