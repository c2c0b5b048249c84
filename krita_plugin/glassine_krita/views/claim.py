"""Whose picture it is, as marks say it: three fields that may stay empty."""

from __future__ import annotations

from dataclasses import asdict

from ..qt import QtWidgets
from ..studio.choices import Artist
from ..words.texts import t

NAMES = ("creator", "rights", "url")


class Claim(QtWidgets.QWidget):
    def __init__(self) -> None:
        super().__init__()
        grid = QtWidgets.QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self.fields = {name: QtWidgets.QLineEdit() for name in NAMES}
        for at, (name, field) in enumerate(self.fields.items()):
            field.setObjectName(f"glassine_{name}")
            field.setAccessibleName(t(f"{name}_label"))
            field.setPlaceholderText(t(f"{name}_example"))
            label = QtWidgets.QLabel(t(f"{name}_label"))
            label.setBuddy(field)
            grid.addWidget(label, at, 0)
            grid.addWidget(field, at, 1)

    def show_artist(self, artist: Artist) -> None:
        for name, text in asdict(artist).items():
            self.fields[name].setText(text)

    def artist(self) -> Artist:
        return Artist(**{name: field.text().strip() for name, field in self.fields.items()})
