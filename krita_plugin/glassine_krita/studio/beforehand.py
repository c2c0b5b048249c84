"""What the engine says of a choice before anything is done: how long it would take, and the words
that a poisoned picture is published with."""

from __future__ import annotations

from ..canvas.kinds import extent
from ..canvas.layers import canvas_of, layer_for, selection_of
from ..canvas.libkis import Document
from ..canvas.places import NOWHERE, Place
from ..engine import asks
from ..engine.answers import Captioned, Estimated
from ..engine.requests import Answer, Requests
from ..qt import QtCore, Signal
from ..words.gaps import Message
from .choices import Choice

REST = 150  # milliseconds after the last letter that was typed


class Estimate(QtCore.QObject):
    """Seconds by effort, for what is chosen now."""

    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self._asked: asks.Estimate | None = None
        self._told: dict[str, float] = {}
        self._paces: dict[str, float] = {}

    @property
    def seconds(self) -> dict[str, float]:
        """The engine's estimates, corrected by how long this computer's last jobs really took; an
        effort without a job is corrected as the last job was."""
        last = next(reversed(self._paces.values()), 1.0)
        return {name: told * self._paces.get(name, last) for name, told in self._told.items()}

    def forget(self) -> None:
        """Has the engine asked again: it is another one, or has measured itself anew."""
        self._asked = None

    def forget_pace(self) -> None:
        """Drops the corrections: another engine reckons in another way."""
        self._paces.clear()

    def learn(self, ask: asks.Estimate, effort: str, took: float) -> None:
        """How long a job really took; it is compared with what the engine reckons now, which has
        learnt from that job too.

        took  seconds
        """

        def compare(answer: Answer) -> None:
            told = answer.read(Estimated).seconds.get(effort, 0.0)
            if told > 0:
                self._paces.pop(effort, None)
                self._paces[effort] = took / told
                self.changed.emit()

        self._requests.send(ask, compare)
        self.forget()

    def want(self, doc: Document | None, choice: Choice, model: str = "") -> None:
        """Asks only when the answer can differ. model: folder of the model that is used."""
        place = NOWHERE if doc is None else part_to_protect(doc, choice.scope)
        if place.empty or not self._requests.ready:
            return
        wanted = asks.Estimate(place.width, place.height, choice.recipe, model)
        if wanted != self._asked:
            self._asked = wanted
            self._requests.send(wanted, self._answered)

    def _answered(self, answer: Answer) -> None:
        if answer.kind == "result":
            self._told = answer.read(Estimated).seconds
            self.changed.emit()


def part_to_protect(doc: Document, scope: str) -> Place:
    """The part of the document that would be worked on."""
    place, node = canvas_of(doc), layer_for(doc, scope)
    if node is not None:
        place &= extent(doc, node)
    if scope == "selection":
        place &= selection_of(doc) or NOWHERE
    return place


class CaptionWords(QtCore.QObject):
    """`words` are for the intent that was wanted last, "" while they are not known; `why`: why the
    engine gives none."""

    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self._ask: asks.Caption | None = None
        self._number = 0
        self.words, self.why = "", Message("")
        self._rest = QtCore.QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._send)

    def want(self, intent: asks.Intent) -> None:
        """Asks where the intent has words, and others than before."""
        told = None
        if intent.shows is not None and intent.teach is not None and intent.complete:
            words = intent.shows.strip(), intent.teach.strip()
            told = asks.Caption(*words, intent.campaign or "")
        if told != self._ask:
            self._ask = told
            self.ask_anew()

    def ask_anew(self) -> None:
        """Other words, or another engine: what was known holds no longer."""
        if self._number:
            self._requests.cancel(self._number)
        self._number, self.words, self.why = 0, "", Message("")
        self._rest.stop()
        if self._ask is not None:
            self._rest.start()
        self.changed.emit()

    def _send(self) -> None:
        if self._ask is not None and self._requests.can(self._ask.method):
            number = self._requests.send(self._ask, lambda answer: self._answered(number, answer))
            self._number = number

    def _answered(self, number: int, answer: Answer) -> None:
        if number != self._number:
            return  # late, of other words
        self._number = 0
        self.words = answer.read(Captioned).caption
        self.why = answer.says
        self.changed.emit()
