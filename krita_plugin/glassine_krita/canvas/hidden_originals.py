"""Originals that are hidden under their protected copy: shown again while the copy is undone, and
for good where it was deleted."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import ClassVar

from .layers import find_layer, key_of
from .libkis import Document
from .own_layers import forget_layer, own_layers


@dataclass(frozen=True)
class Pair:
    """An original and its copy, by their ids; whether the copy was in its document when last looked
    for."""

    doc: Document
    original: str
    copy: str
    there: bool = True


class HiddenOriginals:
    """Shows originals when their copy is undone and hides them when it is redone: in Krita, hiding
    is no undo step of its own."""

    pairs: ClassVar[list[Pair]] = []
    known: ClassVar[set[str]] = set()  # documents whose notes were read

    @classmethod
    def watch(cls, doc: Document, original: str, copy: str) -> None:
        cls.pairs.append(Pair(doc, original, copy))

    @classmethod
    def adopt(cls, doc: Document) -> None:
        """Adds those that a document notes from an earlier session, when it is first seen."""
        if key_of(doc) in cls.known:
            return
        cls.known.add(key_of(doc))
        watched = {(pair.original, pair.copy) for pair in cls.pairs}
        for made in own_layers(doc):
            for original in made.hides:
                if (original, made.copy) not in watched:
                    cls.watch(doc, original, made.copy)
            if made.hides and find_layer(doc, made.copy) is None:
                forget_layer(doc, made.copy)  # once: afterwards the artist may hide them

    @classmethod
    def forget_closed(cls, opened: set[str]) -> None:
        """Forgets closed documents, so that one that is opened again is read again."""
        cls.known &= opened

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
