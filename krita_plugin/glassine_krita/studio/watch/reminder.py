"""Krita's own exports carry no protection, and no plugin can change that: the docker says so
afterwards, once for each document, where the artist wants that."""

from __future__ import annotations

import os

from ...canvas.layers import active_document, key_of
from ...qt import QtCore, Signal
from ..settings import read_text, write_text
from .already_protected import OWN

SETTING, NO = "remind", "no"


class Reminder(QtCore.QObject):
    """`path`: of a file that Krita has just written without protection; "" where none was."""

    changed = Signal()

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.path = ""
        self._told: set[str] = set()  # keys of documents

    @property
    def on(self) -> bool:
        return read_text(SETTING) != NO

    def switch(self, on: bool) -> None:
        write_text(SETTING, "" if on else NO)
        if not on:
            self.dismiss()

    def saved(self, path: str, formats: set[str]) -> None:
        """Krita has written a file, under the document's own name or another.

        formats  suffixes of files that Glassine can write
        """
        doc, suffix = active_document(), os.path.splitext(path)[1].lower()
        if doc is None or not self.on or suffix in OWN or suffix not in formats:
            return
        if key_of(doc) not in self._told:
            self._told.add(key_of(doc))
            self.path = path
            self.changed.emit()

    def dismiss(self) -> None:
        self.path = ""
        self.changed.emit()
