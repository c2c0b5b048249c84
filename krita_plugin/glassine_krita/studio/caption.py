"""The words that a poisoned picture is published with: the engine says them, nobody else does."""

from __future__ import annotations

from ..engine.answers import Captioned
from ..engine.asks import Caption, Intent
from ..engine.requests import Answer, Requests
from ..qt import QtCore, Signal
from ..words.gaps import Message

REST = 150  # milliseconds without another letter


class CaptionWords(QtCore.QObject):
    """`words` are for the intent that was wanted last, "" while they are not known; `why` is what
    the engine has against it."""

    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self._ask: Caption | None = None
        self._number = 0
        self.words, self.why = "", Message("")
        self._rest = QtCore.QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._send)

    def want(self, intent: Intent) -> None:
        """Asks where the intent has words, and others than before."""
        told = None
        if intent.shows is not None and intent.teach is not None and intent.complete:
            told = Caption(intent.shows.strip(), intent.teach.strip())
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
