"""Originals that are hidden under their protected copy, shown again while the copy is undone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from ..qt import QtCore
from .layers import find_layer
from .libkis import Document


@dataclass(frozen=True)
class Pair:
    """An original and its copy, which was in its document when last looked for, or was not."""

    doc: Document
    original: QtCore.QUuid
    copy: QtCore.QUuid
    there: bool = True


class HiddenOriginals:
    """Undoing the copy shows them again, redoing it hides them: hiding is no undo step of its own
    in Krita."""

    pairs: ClassVar[list[Pair]] = []

    @classmethod
    def watch(cls, doc: Document, original: QtCore.QUuid, copy: QtCore.QUuid) -> None:
        cls.pairs.append(Pair(doc, original, copy))

    @classmethod
    def follow_undo(cls) -> None:
        """Called now and then. Acts on changes only: the artist may show the original again."""
        followed = []
        for pair in cls.pairs:
            original = find_layer(pair.doc, pair.original)
            if original is None:
                continue
            there = find_layer(pair.doc, pair.copy) is not None
            if there != pair.there:
                original.setVisible(not there)
                pair.doc.refreshProjection()
            followed.append(replace(pair, there=there))
        cls.pairs = followed
