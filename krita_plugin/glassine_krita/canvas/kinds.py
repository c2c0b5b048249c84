"""How a flat copy that looks the same is made of each kind of layer, and why of some kinds there is
none. Tried in Krita 5.1.5; the table is in docs/layers.md."""

from __future__ import annotations

from collections.abc import Iterator
from xml.etree import ElementTree

from .layers import canvas_of, is_plain, pixels_in, root_of
from .libkis import Document, Node
from .places import NOWHERE, Place
from .refusals import Refused

ROWS = 64  # rows that are looked at in one turn
BESIDE = 256  # pixels beside a layer that Krita's styles can reach
SPREADING = ("filtermask", "transformmask", "colorizemask")


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
    """Raises where no copy of the layer could look as the layer does in its place."""
    if node.type() == "filterlayer":
        raise Refused("no_pixels")  # it changes what lies below it, and is nothing alone
    mixed = [one for one in node.childNodes() if one.type().endswith("layer")]
    if passes_through(node) and any(one.blendingMode() != "normal" for one in mixed):
        raise Refused("passes_through")  # its layers are mixed with what lies below it


def passes_through(node: Node) -> bool:
    """A group without a picture of its own."""
    return node.type() == "grouplayer" and node.passThroughMode()


def style_of(node: Node) -> str:
    """Its layer style, as Krita writes it down; "" without one."""
    return node.layerStyleToAsl() if hasattr(node, "layerStyleToAsl") else ""


def mix_as(node: Node, made: Node) -> None:
    """Gives `made` the opacity, blending mode and layer style of `node`.

    The style is carried over and not drawn: shadows, strokes and glows have blending modes of their
    own, and would look different as pixels. A group that passes through gives nothing: Krita heeds
    only its opacity, which `isolate` has put into its layers.
    """
    if passes_through(node):
        return
    made.setOpacity(node.opacity())
    made.setBlendingMode(node.blendingMode())
    made.setInheritAlpha(node.inheritAlpha())
    if style := style_of(node):
        made.setLayerStyleFromAsl(style)


def without_style(node: Node) -> None:
    """Switches its style off, as the style's eye in Krita's list of layers does."""
    if style := style_of(node):
        tree = ElementTree.fromstring(style)
        for one in tree.iter("node"):
            if one.get("key") == "masterFXSwitch":
                one.set("value", "0")
        node.setLayerStyleFromAsl(ElementTree.tostring(tree, encoding="unicode"))


def stands_alone(node: Node) -> bool:
    """Whether a plain copy above it looks as the layer does: nothing would be blended twice."""
    return is_plain(node) and not passes_through(node) and not style_of(node)


def reaches_out(node: Node) -> bool:
    """Whether it can show more than its bounds in Krita, which ignore masks and styles."""
    inside = [one for one in whole(node) if one.type() in SPREADING]
    styled = any(style_of(one) for child in node.childNodes() for one in whole(child))
    return bool(inside) or styled


def extent(doc: Document, node: Node) -> Place:
    """The part of the canvas in which the layer shows anything, not counting its own style.

    With a style, also what lies beside the canvas: its shadow falls into the canvas, and a stroke
    must not follow the canvas's edge. (Of a layer with masks, Krita draws as much there as the
    style needs.)
    """
    canvas = canvas_of(doc)
    if style_of(node) and not passes_through(node) and not reaches_out(node):
        return Place.of(node.bounds()) & canvas.grown(BESIDE)
    if passes_through(node):
        return canvas
    if not reaches_out(node):
        return Place.of(node.bounds()) & canvas
    if not style_of(node):
        return filled(node, canvas.strips(ROWS))
    beside = canvas.grown(BESIDE)
    return filled(node, beside.strips(ROWS)) & filled(node, beside.columns(ROWS))


def filled(node: Node, parts: Iterator[Place]) -> Place:
    """From the first to the last of these parts in which the layer shows anything."""
    some = [part for part in parts if pixels_in(node, part).strip(b"\0")]
    if not some:
        return NOWHERE
    first, last = some[0], some[-1]
    width, height = last.x + last.width - first.x, last.y + last.height - first.y
    return Place(first.x, first.y, width, height)


def isolate(copy: Document, node: Node) -> None:
    """Hides everything in a clone but what this group shows.

    Krita ignores masks and style of a group that passes through, and applies its opacity to each
    of its layers.
    """
    for child in node.childNodes():
        if child.type().endswith("mask"):
            child.setVisible(False)
        else:  # each is mixed by itself with what lies below
            child.setOpacity(round(child.opacity() * node.opacity() / 255))
    while (parent := node.parentNode()) is not None:
        for other in parent.childNodes():
            same = other.uniqueId() == node.uniqueId()
            if not same and other.type().endswith(("layer", "mask")):
                other.setVisible(False)
        if node.uniqueId() != root_of(copy).uniqueId():
            without_style(node)
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
