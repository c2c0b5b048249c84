"""The engine's list of everything that can be chosen, as rows for menus, and their words."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

from ..qt import QtGui
from ..words.gaps import Message
from ..words.texts import has_words, in_words
from .reading import Json, read_rows

OFFERED = frozenset({"style", "shows", "teach", "model", "faces"})
"""Fields of an intent that the docker can ask the artist for."""


@dataclass(frozen=True)
class Row:
    """One thing to choose.

    missing    why it cannot run here
    needs      fields of an intent for which the artist is asked where this is chosen
    present    whether its weights are on this machine
    longest    side in pixels up to which a site leaves a picture alone
    """

    name: str = ""
    missing: Message | None = None
    needs: tuple[str, ...] = ()
    thumbnail: str = ""
    score: float = 0.0
    present: bool = True
    formats: tuple[str, ...] = ()
    suffixes: tuple[str, ...] = ()
    lossy: bool = False
    longest: int = 0

    @property
    def offered(self) -> bool:
        """Whether the docker can ask for all that it needs."""
        return self.missing is None and OFFERED.issuperset(self.needs)


@dataclass(frozen=True)
class Catalogue:
    rows: dict[str, tuple[Row, ...]] = field(default_factory=dict)

    def of(self, kind: str) -> tuple[Row, ...]:
        """All rows of that kind; entries that cannot run here come with `missing`."""
        return self.rows.get(kind, ())

    def usable(self, kind: str) -> list[Row]:
        return [row for row in self.of(kind) if row.missing is None]

    def row(self, kind: str, name: str) -> Row:
        return next((row for row in self.of(kind) if row.name == name), Row())

    def recipe(self, name: str) -> Row:
        """From either list of recipes: those that work on an own model have one to themselves."""
        plain = self.row("recipes", name)
        return plain if plain.name else self.row("model_recipes", name)

    def needs(self, recipe: str) -> frozenset[str] | None:
        """What that recipe asks the artist for; None before the engine has listed it."""
        row = self.recipe(recipe)
        return frozenset(row.needs) if row.name else None

    def strength(self, score: float) -> str:
        """The named strength nearest to that score; "" before the engine has named any."""
        rows = self.of("strengths")
        return min(rows, key=lambda row: abs(row.score - score)).name if rows else ""


def read_catalogue(sent: Json) -> Catalogue:
    """Only lists of rows with a name are kept: a newer engine may send more kinds."""
    kinds = {kind: read_rows(Row, rows) for kind, rows in sent.items()}
    return Catalogue({kind: tuple(row for row in kinds[kind] if row.name) for kind in kinds})


def code_of(kind: str, name: str) -> str:
    """Code of an entry in the engine's tables of words: "styles", "ember" -> "style.ember"."""
    return f"{kind.removesuffix('s')}.{name}"


def entry_says(kind: str, name: str, ending: str = "") -> str:
    """What the entry is, in words; its name where there are none. With an ending, that row of the
    entry (".label", ".note"), or ""."""
    code = code_of(kind, name) + ending
    return in_words(Message(code)) if has_words(code) else "" if ending else name


def recipe_label(name: str) -> str:
    """One or two words for a recipe."""
    return entry_says("recipes", name, ".label") or name


def entry_tip(kind: str, name: str) -> str:
    """What the entry is, and below it what to know before using it."""
    return "\n".join(filter(None, (entry_says(kind, name), entry_says(kind, name, ".note"))))


def thumbnail(row: Row) -> QtGui.QPixmap | None:
    """The row's small picture, if it has one."""
    if not row.thumbnail:
        return None
    pixmap = QtGui.QPixmap()
    return pixmap if pixmap.loadFromData(base64.b64decode(row.thumbnail)) else None
