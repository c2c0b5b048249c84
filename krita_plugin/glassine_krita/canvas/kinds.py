"""What kinds of layers need to look as they do: how a flat copy of each is had, and why of some it
is not. Tried in Krita 5.1.5; the table is in docs/layers.md."""

from __future__ import annotations

from collections.abc import Iterator

from .layers import canvas_of, pixels_in, root_of
from .libkis import Document, Node
from .places import NOWHERE, Place
from .refusals import Refused

ROWS = 64  # that are looked at in one turn


def whole(node: Node) -> Iterator[Node]:
    """The layer with all that is in it and on it."""
    yield node
    for child in node.childNodes():
        yield from whole(child)


def refuse_frames(nodes: list[Node]) -> None:
    """Raises where a copy would be a still over all frames: libkis makes no keyframes, and only a
    paint layer has a duplicate to write them into."""
    if any(part.animated() for one in nodes for part in whole(one)):
        raise Refused("animated")


def refuse_kinds(node: Node) -> None:
    """Raises where a copy of the one layer would not look as what is there."""
    if node.type() == "filterlayer":
        raise Refused("no_pixels")  # it changes what lies below it, and is nothing alone
    mixed = [one for one in node.childNodes() if one.type().endswith("layer")]
    if passes_through(node) and any(one.blendingMode() != "normal" for one in mixed):
        raise Refused("passes_through")  # its layers are mixed with what lies below it


def passes_through(node: Node) -> bool:
    """A group without a picture of its own."""
    return node.type() == "grouplayer" and node.passThroughMode()


def is_styled(node: Node) -> bool:
    """Whether the layer, or one in it, has a style: shadows, strokes and glows."""
    return any(hasattr(one, "layerStyleToAsl") and one.layerStyleToAsl() for one in whole(node))


def is_baked(node: Node) -> bool:
    """What it shows is more than its projection: a copy has to hold the rest, and replaces it."""
    return passes_through(node) or is_styled(node)


def extent(doc: Document, node: Node) -> Place:
    """All that it shows, as far as it lies in the canvas; Krita's own bounds know of no transform
    mask and of no style."""
    canvas = canvas_of(doc)
    if is_baked(node):
        return canvas
    if all(one.type() != "transformmask" for one in whole(node)):
        return Place.of(node.bounds()) & canvas
    rows = [strip for strip in canvas.strips(ROWS) if pixels_in(node, strip).strip(b"\0")]
    if not rows:
        return NOWHERE
    top, bottom = rows[0].y, rows[-1].y + rows[-1].height
    return Place(canvas.x, top, canvas.width, bottom - top)


def isolate(copy: Document, node: Node) -> None:
    """Leaves of a clone what this one layer shows, its style included; how it is mixed with others
    is the copy's own."""
    while (parent := node.parentNode()) is not None:
        for other in parent.childNodes():
            same = other.uniqueId() == node.uniqueId()
            if not same and other.type().endswith(("layer", "mask")):
                other.setVisible(False)
        if node.uniqueId() != root_of(copy).uniqueId():
            node.setVisible(True)
            node.setOpacity(255)
            node.setInheritAlpha(False)
            if node.blendingMode() != "normal":
                node.setBlendingMode("normal")
            if passes_through(node):
                node.setPassThroughMode(False)
        node = parent
    copy.refreshProjection()
    copy.waitForDone()
