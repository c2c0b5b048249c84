"""The docker's preview at full size on the canvas, while the artist wants it there."""

from __future__ import annotations

from dataclasses import replace

from ..canvas.layers import is_open
from ..canvas.libkis import Document
from ..canvas.pictures import Picture, take_picture
from ..canvas.places import Place
from ..canvas.preview_tab import PreviewTab
from ..canvas.refusals import Busy, Refused
from ..canvas.spaces import SCREEN
from ..engine.asks import Intent
from ..engine.asks import Preview as Ask
from ..engine.requests import Answer, Requests
from ..qt import QtCore, Signal
from ..words.texts import in_words, t
from .blobs import picture_blobs

LONGEST = 1024  # pixels of the document; the middle of the visible part
SECONDS = 4.0
REST = 150  # milliseconds without a change: a slider that is dragged would clone at every step


class CanvasPreview(QtCore.QObject):
    """Asks for the full-size picture of the visible part and shows it in a tab of its own."""

    changed = Signal()
    failed = Signal(str)

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests, self.tab = requests, PreviewTab()
        self._doc: Document | None = None
        self._scope, self._intent = "", Intent("", 0, "")
        self._place: Place | None = None
        self._number = 0
        self._taking = False
        self._picture: Picture | None = None
        self._rest = QtCore.QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.timeout.connect(self._begin)

    @property
    def on(self) -> bool:
        return self._doc is not None

    @property
    def document(self) -> Document | None:
        """The artist's document that the preview belongs to."""
        return self._doc if is_open(self._doc) else None

    @property
    def waiting(self) -> bool:
        return bool(self._number) or self._rest.isActive() or self._taking

    def show(self, doc: Document, scope: str, intent: Intent, place: Place) -> None:
        """Shows it, or shows it anew under another intent, soon."""
        if self._doc is None:
            self._place = middle_of(place)
        self._rest.start(0 if self._doc is None else REST)
        self._doc, self._scope, self._intent = doc, scope, intent
        self.changed.emit()

    def _begin(self) -> None:
        self._stop()
        doc = self.document
        if doc is None:
            self.hide()
            return
        self._taking = True  # Krita handles events while it converts a document
        try:
            picture, _ = take_picture(doc, self._scope, self._place, SCREEN)
        except Busy:
            self._rest.start(REST)
            return
        except Refused as error:
            self.hide()
            self.failed.emit(in_words(error.says))
            return
        finally:
            self._taking = False
        if self._doc is None:  # hidden meanwhile
            picture.close()
            return
        self._picture = picture
        intent = replace(self._intent, effort="preview")
        ask = Ask(picture.about(), intent, SECONDS, full=True)
        number = self._requests.send(
            ask, lambda answer: self._answered(number, answer), picture_blobs(picture)
        )
        self._number = number
        self.changed.emit()

    def hide(self) -> None:
        self._rest.stop()
        self._stop()
        self.tab.remove()
        self._doc = self._place = None
        self.changed.emit()

    def follow_document(self) -> None:
        """Called now and then: goes with the artist's document, or when its tab was closed."""
        was = self.tab.on
        self.tab.follow_document()
        gone = self.on and not is_open(self._doc)
        if gone or (was and not self.tab.on) or (self.on and not self.waiting and not was):
            self.hide()

    def _stop(self) -> None:
        if self._number:
            self._requests.cancel(self._number)
        self._number = 0
        if self._picture is not None:
            self._picture.close()
            self._picture = None

    def _answered(self, number: int, answer: Answer) -> None:
        if number != self._number:
            return  # late, of a request that was cancelled
        picture, self._number = self._picture, 0
        self._picture = None
        if answer.kind == "result" and picture is not None and is_open(self._doc):
            pixels = bytes(answer.blobs["full"])
            self._taking = True  # Krita handles events while it opens a document, too
            try:
                self.tab.show(self._doc, self._scope, pixels, picture.place, t("preview_title"))
            except Busy:
                self._rest.start(REST)  # anew: what keeps Krita busy may change the document
            finally:
                self._taking = False
            if self._doc is None:  # hidden meanwhile
                self.tab.remove()
        elif answer.kind in ("error", "lost"):
            self.failed.emit(in_words(answer.says))
            self.hide()
        if picture is not None:
            picture.close()
        self.changed.emit()


def middle_of(place: Place) -> Place:
    width, height = min(place.width, LONGEST), min(place.height, LONGEST)
    x, y = place.x + (place.width - width) // 2, place.y + (place.height - height) // 2
    return Place(x, y, width, height)
