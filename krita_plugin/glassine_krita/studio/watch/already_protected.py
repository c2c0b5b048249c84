"""Whether the file of the document in front is protected already: the engine is asked."""

from __future__ import annotations

import os

from ...canvas.layers import is_open
from ...canvas.libkis import Document
from ...engine.answers import Examined
from ...engine.asks import Examine
from ...engine.requests import Answer, Requests
from ...qt import QtCore, Signal
from ...words.gaps import Message

OWN = (".kra", ".krz", ".ora")  # working files: what they hold is seen in their layers


def opened_file(doc: Document) -> str:
    """The picture file that the document was opened from; "" for a working file or a new one."""
    path = (doc.fileName() or "") if is_open(doc) else ""
    return "" if os.path.splitext(path)[1].lower() in OWN else path


class AlreadyProtected(QtCore.QObject):
    """`says`: why the file in front counts as protected; None where nothing says so."""

    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self._answers: dict[tuple[str, float], Message | None] = {}
        self.says: Message | None = None

    def forget(self) -> None:
        self._answers.clear()

    def look_at(self, doc: Document | None, *, may_ask: bool = True) -> None:
        """Called now and then. Says what is known of the file in front.

        may_ask  the engine has nothing better to do than to look at a file that is not known yet
        """
        path = "" if doc is None else opened_file(doc)
        try:
            key = (path, os.stat(path).st_mtime) if path else ("", 0.0)
        except OSError:
            key = ("", 0.0)
        known = not key[0] or key in self._answers
        if may_ask and not known and self._requests.can(Examine.method):
            self._answers[key] = None
            self._requests.send(Examine(path), lambda answer: self._answered(key, answer))
        self._say(self._answers.get(key))

    def _answered(self, key: tuple[str, float], answer: Answer) -> None:
        if answer.kind == "result":
            self._answers[key] = answer.read(Examined).protected
        elif answer.kind == "lost":
            self._answers.pop(key, None)

    def _say(self, told: Message | None) -> None:
        if told != self.says:
            self.says = told
            self.changed.emit()
