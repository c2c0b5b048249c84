"""Animated paint layers: their frames are read and written one by one in a clone, and the document
gets one copy of the layer with all its frames.

libkis makes no keyframes, but a duplicate has those of its original, and pixels are written into
the frame that the clone shows. Tried in Krita 5.1.5; the artist's own document stays at its time.
"""

from __future__ import annotations

from collections.abc import Iterator

from .layers import active_window, canvas_of, clone, find_layer, root_of, write_rows
from .libkis import Document, Node
from .pictures import Picture, of_open
from .places import Place
from .refusals import Refused
from .spaces import space_of

OPENED: list[Document] = []


def is_film(node: Node | None) -> bool:
    """Whether frames of that layer can be written: only those of a paint layer can."""
    return node is not None and node.type() == "paintlayer" and node.animated()


def keyframes(doc: Document, node: Node) -> tuple[int, ...]:
    """Times of its pictures; the current time where only its opacity is animated."""
    found = tuple(at for at in range(doc.animationLength() + 1) if node.hasKeyframeAtTime(at))
    return found or (doc.currentTime(),)


def frame_in_front(doc: Document, times: tuple[int, ...]) -> int:
    """The frame that shows now."""
    return max((at for at in times if at <= doc.currentTime()), default=times[0])


def frames_in_range(doc: Document, times: tuple[int, ...]) -> tuple[int, ...]:
    """Those selected in the timeline, which is the range that Krita plays."""
    start, end = doc.playBackStartTime(), doc.playBackEndTime()
    return tuple(at for at in times if start <= at <= end)


class Film(Picture):
    """A layer in a clone and, above it, a copy into which the changed frames are written.

    times  of all its frames
    """

    def __init__(self, copy: Document, node: Node, times: tuple[int, ...]) -> None:
        kept = space_of(node)
        super().__init__(copy, node.uniqueId(), canvas_of(copy), kept, kept)
        assert self._node is not None
        self.times, parent = times, self._node.parentNode()
        self._made = self._node.duplicate()
        (root_of(copy) if parent is None else parent).addChildNode(self._made, self._node)
        copy.waitForDone()
        for mask in self._made.childNodes():
            mask.remove()  # what they show is in the pixels
        self._baked = bool(self._node.childNodes())  # the copy's pixels hold what masks showed

    def turn_to(self, time: int) -> None:
        """Turns the clone to that frame, which is read and written from now on."""
        node = self._node
        assert node is not None
        self._copy.setCurrentTime(time)
        self._copy.waitForDone()
        self.place = canvas_of(self._copy) & Place.of(node.bounds())
        if self._baked:
            self.place = canvas_of(self._copy)  # a mask may show more than its layer has

    def write(self, pixels: memoryview) -> Iterator[None]:
        """Writes into the frame that was turned to; yields between parts."""
        stride, start = self.place.width * self.space.pixel, 0
        for strip in self.strips(self.place):
            size = strip.height * stride
            write_rows(self._made, strip, bytes(pixels[start : start + size]))
            start += size
            yield

    def finished(self, name: str, left: tuple[int, ...]) -> Iterator[Node | None]:
        """Yields None while there is more to do, and at last a layer that is in no document.

        left  frames that stay as they are
        """
        for time in left if self._baked else ():
            self.turn_to(time)
            for strip in self.strips(self.place):
                write_rows(self._made, strip, self.read(strip))
                yield None
        made = self._made.duplicate()
        made.setName(name)
        yield made

    def open(self) -> None:
        """The clone becomes a document of the artist's, with the copy in its layer's place."""
        if self._node is not None:
            self._node.setVisible(False)
        self._copy.setFileName("")  # a save would write it over the artist's own
        active_window().addView(self._copy)
        OPENED.append(self._copy)  # a clone is gone with its last handle, even while it is shown
        self._doc = self._node = None


def take_film(doc: Document, node: Node) -> Film:
    """That layer with all its frames, held still."""
    if any(mask.animated() for mask in node.childNodes()):
        raise Refused("animated_mask")
    if not space_of(node).usable:
        raise Refused("animated_colours")
    times, copy = keyframes(doc, node), clone(doc)
    inner = None if copy is None else find_layer(copy, node.uniqueId())
    if copy is None or inner is None:
        raise Refused("unreadable")
    return of_open(doc, Film(copy, inner, times))
