"""A model of the artist's own: its folder, which Krita remembers; what the engine says of it."""

from __future__ import annotations

from ...engine import asks
from ...engine.answers import Modelled
from ...engine.requests import Answer, Requests
from ...qt import QtCore, Signal
from ...words.gaps import Message
from ..settings import read_text, write_text


class OwnModel(QtCore.QObject):
    """`here`: what it is, once the engine has looked at it; `why`: what is wrong with the folder.

    The folder stays out of documents and of their layers: its name may be its owner's.
    """

    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self.folder = read_text("model")
        self.here: Message | None = None
        self.why: Message | None = None

    @property
    def known(self) -> bool:
        """Whether this engine can use models at all."""
        return self._requests.can(asks.LookAtModel.method)

    @property
    def usable(self) -> bool:
        return self.here is not None

    def choose(self, folder: str) -> None:
        """Sets the folder; "" takes it away again."""
        if folder != self.folder:
            write_text("model", folder)
            self.folder = folder
            self.ask_anew()

    def ask_anew(self) -> None:
        """Asks the engine about the folder: either of them is another one."""
        self.here = self.why = None
        if self.folder and self.known:
            folder = self.folder
            self._requests.send(
                asks.LookAtModel(folder), lambda answer: self._answered(folder, answer)
            )
        self.changed.emit()

    def _answered(self, folder: str, answer: Answer) -> None:
        if folder != self.folder:
            return  # late
        if answer.kind == "result":
            self.here = answer.read(Modelled).says
        else:
            self.why = answer.says
        self.changed.emit()
