"""Campaigns that the artist has joined: the engine keeps and checks them, the docker lists them."""

from __future__ import annotations

from typing import Any

from ...engine import asks
from ...engine.answers import Agreed, Joined
from ...engine.catalogue import Catalogue
from ...engine.requests import Answer, Requests
from ...qt import QtCore, Signal
from ...words.gaps import Message
from ..choices import Choice


class Campaigns(QtCore.QObject):
    """`rows`: those that may be used today; `law`: what is said before one joins,
    None before the engine has told it."""

    changed = Signal()
    entered = Signal(object)  # the one that was joined just now
    refused = Signal(object)  # what the engine has against a file

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self._asked = False
        self.rows: tuple[Agreed, ...] = ()
        self.law: Message | None = None

    def named(self, name: str) -> Agreed | None:
        return next((row for row in self.rows if row.name == name), None)

    def forget(self) -> None:
        """Drops all of it: the engine is another one."""
        self._asked, self.rows, self.law = False, (), None
        self.changed.emit()

    def want(self) -> None:
        """Asks for the list, once, and only when it is needed: the engine takes a moment to open
        signed files, for which the first preview must not wait."""
        if not self._asked and self._requests.can(asks.Join.method):
            self._asked = True
            self._requests.send(asks.Campaigns(), self._listed)

    def join(self, file: str) -> None:
        """Has the engine check that file and keep it."""
        self._requests.send(asks.Join(file), self._answered)

    def _listed(self, answer: Answer) -> None:
        if answer.kind == "error":
            self.refused.emit(answer.says)
        elif answer.kind == "result":
            told = answer.read(Joined)
            self.rows, self.law = told.campaigns, told.law
            self.changed.emit()

    def _answered(self, answer: Answer) -> None:
        if answer.kind != "result":
            self.refused.emit(answer.says)
            return
        new = answer.read(Agreed)
        others = [row for row in self.rows if row.name != new.name]
        self.rows = tuple(sorted((*others, new), key=lambda row: row.name))
        self.changed.emit()
        self.entered.emit(new)


def as_agreed(row: Agreed, choice: Choice, listed: Catalogue) -> dict[str, Any]:
    """Fields of a choice that taking part in that campaign sets: its name, strength and words. Of
    its pairs the one that is chosen already, or the first."""
    shows = choice.shows if choice.shows in row.pairs else next(iter(row.pairs), "")
    strength = listed.row("strengths", row.strength)
    score = strength.score if strength.name else choice.score
    told = {"campaign": row.name, "shows": shows, "teach": row.pairs.get(shows, "")}
    return {**told, "score": score}
