"""How long it would take: seconds by effort, from the engine's plan, for what is chosen now."""

from __future__ import annotations

from typing import Any

from ..canvas import layers
from ..canvas.layers import Place
from ..engine.requests import Outcome, Requests
from ..qt import QtCore, Signal
from .settings import Choice


class Estimate(QtCore.QObject):
    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self._asked: Any = None
        self.seconds: dict[str, float] = {}

    def forget(self) -> None:
        """The engine is another one, or has measured itself anew."""
        self._asked = None

    def want(self, doc: Any, choice: Choice) -> None:
        """Asks only when the answer can differ."""
        place = None if doc is None else affected(doc, choice.scope)
        if place is None or place.empty or not self._requests.ready:
            return
        wanted = (place.width, place.height, choice.recipe)
        if wanted != self._asked:
            self._asked = wanted
            ask = {"width": place.width, "height": place.height, "recipe": choice.recipe}
            self._requests.send("estimate", ask, self._told)

    def _told(self, outcome: Outcome) -> None:
        if outcome.kind == "result":
            self.seconds = outcome.result["seconds"]
            self.changed.emit()


def affected(doc: Any, scope: str) -> Place:
    """The part of the document that would be worked on."""
    place = layers.canvas(doc)
    node = None if scope == "picture" else layers.active_layer(doc)
    if node is not None:
        place &= Place(*node.bounds().getRect())
    if scope == "selection":
        place &= layers.selection(doc) or Place(0, 0, 0, 0)
    return place
