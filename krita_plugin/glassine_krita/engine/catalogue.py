"""The engine's list of everything there is to choose, as rows for menus."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from typing import Any

from ..qt import QtGui
from ..words.texts import t

Row = dict[str, Any]
WORDS = {"styles": "style_", "marks": "mark_", "formats": "format_"}  # prefixes in texts.json


@dataclass(frozen=True)
class Catalogue:
    rows: dict[str, list[Row]] = field(default_factory=dict)

    def of(self, kind: str) -> list[Row]:
        """All rows of that kind; entries that cannot run here come with `missing`."""
        return self.rows.get(kind, [])

    def usable(self, kind: str) -> list[Row]:
        return [row for row in self.of(kind) if not row.get("missing")]

    def row(self, kind: str, name: str) -> Row:
        return next((row for row in self.of(kind) if row["name"] == name), {})

    def says(self, kind: str, name: str) -> str:
        """In the artist's language; a newer engine's entry in the engine's words."""
        return t(WORDS.get(kind, "") + name, default=self.row(kind, name).get("says", name))

    def score(self, strength: str) -> float:
        return float(self.row("strengths", strength).get("score", 70))


def read_catalogue(sent: dict[str, Any]) -> Catalogue:
    """Only lists of rows with a name are kept: a newer engine may send more kinds."""
    kinds = {
        kind: [row for row in rows if isinstance(row, dict) and "name" in row]
        for kind, rows in sent.items()
        if isinstance(rows, list)
    }
    return Catalogue(kinds)


def thumbnail(row: Row) -> QtGui.QPixmap | None:
    """The row's small picture, if it has one."""
    data = row.get("thumbnail")
    if not data:
        return None
    pixmap = QtGui.QPixmap()
    return pixmap if pixmap.loadFromData(base64.b64decode(data)) else None
