"""Copies that no longer show what they were made from, and whether the docker's preview does.

Krita does not tell of strokes, so what was protected is read again and again, a band at a time:
about a millisecond of every tick while a docker is on screen.
"""

from __future__ import annotations

import time
from collections.abc import Generator
from dataclasses import dataclass

from ...canvas.layers import find_layer, is_open, key_of
from ...canvas.libkis import Document
from ...canvas.own_layers import OwnLayer, own_layers
from ...canvas.places import Place
from ...canvas.sources import Compared, Source, compared
from ...qt import QtCore, Signal

TICK = 100  # milliseconds between turns
TURN = 0.003  # seconds of reading in a turn


@dataclass(frozen=True)
class Stale:
    """A copy that is out of date. `name`: of its layer."""

    made: OwnLayer
    name: str


Found = tuple[tuple[Stale, ...], bool]


class StaleCopies(QtCore.QObject):
    """The stale copies of the document in front."""

    changed = Signal()

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Stale, ...] = ()
        self.seen: Source | None = None  # what the preview shows, which is compared too
        self.outdated = False  # whether that looks different now
        self.paused = True
        self._doc: Document | None = None
        self._round: Generator[None, None, Found] | None = None
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(TICK)
        self._timer.timeout.connect(self._turn)
        self._timer.start()

    def look_at(self, doc: Document | None) -> None:
        """Called now and then."""
        if doc is None:
            self._doc, self._round = None, None
            self._say(())
        elif not is_open(self._doc) or key_of(self._doc) != key_of(doc):
            self._doc, self._round = doc, None
            self._say(())

    def close(self) -> None:
        self._timer.stop()
        self._round = None

    def _turn(self) -> None:
        if self.paused or not is_open(self._doc):
            self._round = None
            return
        if self._round is None:
            self._round = self._look(self._doc)
        until = time.monotonic() + TURN
        try:
            while time.monotonic() < until:
                next(self._round)
        except StopIteration as end:
            self._round = None
            self._say(*end.value)

    def _look(self, doc: Document) -> Generator[None, None, Found]:
        rows, seen = (yield from stale_in(doc)), self.seen
        if seen is None:
            return rows, False
        found = yield from compared(doc, seen)
        return rows, self.seen is seen and found.change not in ("same", "gone")

    def _say(self, rows: tuple[Stale, ...], outdated: bool = False) -> None:
        if (rows, outdated) != (self.rows, self.outdated):
            self.rows, self.outdated = rows, outdated
            self.changed.emit()


def stale_in(doc: Document) -> Generator[None, None, tuple[Stale, ...]]:
    """The copies that are out of date; yields while there is more to read."""
    rows = []
    for made in own_layers(doc):
        if made.source is None or not is_shown(doc, made):
            continue
        found = yield from compared(doc, made.source)
        copy = find_layer(doc, made.copy)
        if copy is not None and not fits(found, made, copy.bounds()):
            rows.append(Stale(made, copy.name()))
    return tuple(rows)


def is_shown(doc: Document, made: OwnLayer) -> bool:
    copy = find_layer(doc, made.copy)
    return copy is not None and copy.visible()


def fits(found: Compared, made: OwnLayer, bounds: QtCore.QRect) -> bool:
    """Whether the copy still shows its source: it is unchanged, or was moved with the copy. A
    source that is gone counts as fitting, since nothing can be made anew from it."""
    if found.change in ("same", "gone"):
        return True
    if found.change != "moved" or made.source is None:
        return False
    place, there = made.source.place.moved(found.dx, found.dy), Place.of(bounds)
    return there & place == there
