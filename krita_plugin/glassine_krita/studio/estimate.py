"""How long it would take: seconds by effort, from the engine's plan, for what is chosen now."""

from __future__ import annotations

from ..canvas.layers import canvas_of, layer_for, selection_of
from ..canvas.libkis import Document
from ..canvas.places import NOWHERE, Place
from ..engine.answers import Estimated
from ..engine.asks import Estimate as Ask
from ..engine.requests import Answer, Requests
from ..qt import QtCore, Signal
from .choices import Choice


class Estimate(QtCore.QObject):
    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self._asked: Ask | None = None
        self.seconds: dict[str, float] = {}

    def forget(self) -> None:
        """The engine is another one, or has measured itself anew."""
        self._asked = None

    def want(self, doc: Document | None, choice: Choice) -> None:
        """Asks only when the answer can differ."""
        place = NOWHERE if doc is None else part_to_protect(doc, choice.scope)
        if place.empty or not self._requests.ready:
            return
        wanted = Ask(place.width, place.height, choice.recipe)
        if wanted != self._asked:
            self._asked = wanted
            self._requests.send(wanted, self._answered)

    def _answered(self, answer: Answer) -> None:
        if answer.kind == "result":
            self.seconds = answer.read(Estimated).seconds
            self.changed.emit()


def part_to_protect(doc: Document, scope: str) -> Place:
    """The part of the document that would be worked on."""
    place, node = canvas_of(doc), layer_for(doc, scope)
    if node is not None:
        place &= Place.of(node.bounds())
    if scope == "selection":
        place &= selection_of(doc) or NOWHERE
    return place
