"""What a copy was made from, as it looked then; and whether it still looks so. Krita does not tell:
strokes, moves and undo have no signal."""

from __future__ import annotations

import zlib
from collections.abc import Generator, Iterator
from dataclasses import dataclass
from typing import Any, Literal

from . import layers
from .layers import REAL, all_layers, canvas_of, is_open, pixels_in, root_of
from .libkis import Document, Node
from .places import Place

BANDS = 32  # parts of a picture that are compared by themselves
Change = Literal["same", "moved", "painted", "other", "gone"]


@dataclass(frozen=True)
class Source:
    """What a copy was made from, as it looked.

    layer   its id; "" for the picture, which is all of `parts`
    parts   ids of the layers that are read
    canvas  all of the document
    bounds  of the layer; the canvas for a picture
    place   the part that was worked on
    bands   a checksum of each band of rows, from the top; of an animated layer, frame by frame
    times   of an animated layer's frames
    """

    layer: str
    parts: tuple[str, ...]
    canvas: Place
    bounds: Place
    place: Place
    bands: tuple[int, ...] = ()
    times: tuple[int, ...] = ()


@dataclass(frozen=True)
class Compared:
    """What became of a source. `dx`, `dy`: how far it was moved, in pixels."""

    change: Change
    dx: int = 0
    dy: int = 0


def source_of(
    doc: Document, node: Node | None, place: Place, ours: set[str], times: tuple[int, ...] = ()
) -> Source:
    """The source of a copy that is made now: a layer, or all that shows but for `ours`.

    times  of an animated layer's frames
    """
    steps = looked_at(doc, node, place, ours, times)
    while True:
        try:
            next(steps)
        except StopIteration as end:
            found: Source = end.value
            return found


def looked_at(
    doc: Document, node: Node | None, place: Place, ours: set[str], times: tuple[int, ...] = ()
) -> Generator[None, None, Source]:
    """The same a band at a time, so that painting goes on."""
    parts = [node] if node is not None else below(doc, ours)
    bounds = canvas_of(doc) if node is None or times else Place.of(node.bounds())
    named = "" if node is None else node.uniqueId().toString()
    ids = tuple(one.uniqueId().toString() for one in parts)
    canvas, bands = canvas_of(doc), []
    for strip, time in looks_at(place, parts, times):
        bands.append(sum_of(parts, strip, time))
        yield
    return Source(named, ids, canvas, bounds, place, tuple(bands), times)


def below(doc: Document, ours: set[str]) -> list[Node]:
    """The top layers that make up the picture, without what was made here."""
    nodes = [one for one in root_of(doc).childNodes() if one.type() in REAL and one.visible()]
    return [one for one in nodes if one.uniqueId().toString() not in ours]


def bands_of(place: Place, parts: list[Node]) -> Iterator[Place]:
    """Strips of the place, none of which takes long to read."""
    pixel = 16 * max(len(parts), 1)  # bytes at most, of all layers
    rows = max(1, min(-(-place.height // BANDS), 4 * layers.PART // max(1, place.width * pixel)))
    yield from place.strips(rows)


def looks_at(
    place: Place, parts: list[Node], times: tuple[int, ...]
) -> Iterator[tuple[Place, int | None]]:
    """Every band of the place; of an animated layer, every band of every frame."""
    for time in times or (None,):
        for strip in bands_of(place, parts):
            yield strip, time


def sum_of(parts: list[Node], strip: Place, time: int | None) -> int:
    """Checksum of the pixels there, and of how layers are mixed where there are several."""
    found = 0
    if time is not None:
        at = (strip.x, strip.y, strip.width, strip.height)
        return zlib.crc32(parts[0].pixelDataAtTime(*at, time).data())
    for node in parts:
        mixed = f"{node.opacity()} {node.blendingMode()}" if len(parts) > 1 else ""
        found = zlib.crc32(pixels_in(node, strip), zlib.crc32(mixed.encode(), found))
    return found


def compared(doc: Document, then: Source) -> Generator[None, None, Compared]:
    """What became of a source; yields while there is more to read."""
    tree = {node.uniqueId().toString(): node for node in all_layers(doc)}
    parts = [tree[one] for one in then.parts if one in tree]
    if not parts or len(parts) != len(then.parts):
        return Compared("gone" if then.layer or not is_open(doc) else "other")
    whole = not then.layer or bool(then.times)  # a frame has bounds of its own
    bounds = canvas_of(doc) if whole else Place.of(parts[0].bounds())
    same_size = (bounds.width, bounds.height) == (then.bounds.width, then.bounds.height)
    dx, dy = (bounds.x - then.bounds.x, bounds.y - then.bounds.y) if same_size else (0, 0)
    place, equal, total = then.place.moved(dx, dy), 0, 0
    looks = looks_at(place, parts, then.times)
    for (strip, time), before in zip(looks, then.bands, strict=False):
        if not is_open(doc):
            return Compared("gone")
        equal += sum_of(parts, strip, time) == before
        total += 1
        yield
    if canvas_of(doc) != then.canvas and equal < total:
        return Compared("other")
    if then.times:
        return Compared("same" if equal == total else "painted")
    return Compared(verdict(equal, total, (dx, dy), same_size), dx, dy)


def verdict(equal: int, total: int, moved: tuple[int, int], kept: bool) -> Change:
    """What happened: a stroke leaves most bands as they were, a transformation none.

    kept  the layer is as large as it was
    """
    if equal == total:
        return "moved" if any(moved) else "same"
    if any(moved) or not (kept or equal):
        return "other"
    return "painted"


def plain_source(source: Source) -> dict[str, Any]:
    """As it is stored in the document."""
    places = {name: vars(getattr(source, name)) for name in ("canvas", "bounds", "place")}
    sums = {"bands": source.bands, "times": source.times}
    return {"layer": source.layer, "parts": source.parts, **sums, **places}


def source_from(plain: object) -> Source | None:
    """Read from what the document stores; None for what no version wrote."""
    try:
        assert isinstance(plain, dict)
        places = {name: Place(**plain[name]) for name in ("canvas", "bounds", "place")}
        parts, bands = tuple(map(str, plain["parts"])), tuple(map(int, plain["bands"]))
        times = tuple(map(int, plain.get("times", ())))
        return Source(str(plain["layer"]), parts, bands=bands, times=times, **places)
    except (AssertionError, KeyError, TypeError, ValueError):
        return None
