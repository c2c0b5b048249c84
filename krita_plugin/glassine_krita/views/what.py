"""What to do: cloak, poison or both; with which style, which words; to which part."""

from __future__ import annotations

from ..engine.catalogue import Catalogue, thumbnail
from ..qt import QtCore, QtGui, QtWidgets
from ..studio.settings import read_text, write_text
from ..studio.studio import Studio
from ..words.texts import t
from .parts import (
    Segments,
    copy_text,
    push_button,
    quiet_label,
    row_of_widgets,
)
from .slots import follow, guarded

THUMBNAIL = 40
AGREED = "poison_explained"


class What(QtWidgets.QWidget):
    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        self._filled: Catalogue | None = None
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(5)
        self.recipe = Segments(
            [(name, t(f"{name}_button")) for name in ("cloak", "poison", "both")], self._recipe
        )
        for name in ("cloak", "poison", "both"):
            self.recipe.explain(name, t(f"{name}_tip"))
        column.addWidget(self.recipe)
        column.addWidget(self._style_row())
        column.addWidget(self._poison_rows())
        column.addWidget(self._explanation())
        column.addWidget(self._scope_row())
        follow(self, self.fill, studio.engine_changed)
        follow(self, self.draw, studio.choice_changed)
        self.fill()

    def _style_row(self) -> QtWidgets.QWidget:
        self.style_row, line = row_of_widgets()
        self.style_menu = QtWidgets.QComboBox()
        self.style_menu.setObjectName("glassine_style")
        self.style_menu.setIconSize(QtCore.QSize(THUMBNAIL, THUMBNAIL))
        self.style_menu.setAccessibleName(t("style"))
        self.style_menu.setMinimumWidth(60)
        label = QtWidgets.QLabel(t("style_label"))
        label.setBuddy(self.style_menu)
        line.addWidget(label)
        line.addWidget(self.style_menu, 1)
        self.style_menu.activated.connect(
            guarded(lambda at: self.studio.choose(style=self.style_menu.itemData(at)))
        )
        return self.style_row

    def _poison_rows(self) -> QtWidgets.QWidget:
        self.poison = QtWidgets.QWidget()
        grid = QtWidgets.QGridLayout(self.poison)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setColumnStretch(1, 1)
        self.shows, self.teach = QtWidgets.QLineEdit(), QtWidgets.QComboBox()
        self.shows.setObjectName("glassine_shows")
        self.shows.setPlaceholderText(t("shows_example"))
        self.teach.setObjectName("glassine_teach")
        self.teach.setEditable(True)
        self.teach.setIconSize(QtCore.QSize(THUMBNAIL, THUMBNAIL))
        self.teach.setMinimumWidth(60)
        if (line := self.teach.lineEdit()) is not None:
            line.setPlaceholderText(t("teach_example"))
        for at, (key, field) in enumerate((("shows", self.shows), ("teach", self.teach))):
            label = QtWidgets.QLabel(t(f"{key}_label"))
            label.setBuddy(field)
            field.setAccessibleName(t(f"{key}_label"))
            grid.addWidget(label, at, 0)
            grid.addWidget(field, at, 1)
        self.caption = quiet_label()
        self.caption.setObjectName("glassine_caption")
        copy = push_button(t("copy_caption"), "glassine_copy_caption", self._copy_caption)
        self.copy_caption = copy
        grid.addWidget(self.caption, 2, 0, 1, 2)
        grid.addWidget(copy, 3, 0, 1, 2)
        self.shows.textChanged.connect(guarded(lambda text: self.studio.choose(shows=text)))
        self.teach.editTextChanged.connect(guarded(lambda text: self.studio.choose(teach=text)))
        return self.poison

    def _explanation(self) -> QtWidgets.QWidget:
        """What must be known before the first poison; asked once, in the docker."""
        self.explain = QtWidgets.QFrame()
        self.explain.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        column = QtWidgets.QVBoxLayout(self.explain)
        column.addWidget(quiet_label(t("poison_explained")))
        column.addWidget(push_button(t("understood"), "glassine_understood", self._understood))
        return self.explain

    def _scope_row(self) -> QtWidgets.QWidget:
        self.scope = Segments(
            [(name, t(f"scope_{name}")) for name in ("layer", "selection", "picture")],
            lambda name: self.studio.choose(scope=name),
        )
        return self.scope

    def fill(self) -> None:
        """New menus when the engine sent a new list."""
        listed = self.studio.catalogue
        if listed is self._filled:
            return
        self._filled = listed
        for box, kind, first in (
            (self.style_menu, "styles", True),
            (self.teach, "concepts", False),
        ):
            box.blockSignals(True)
            text = box.currentText()
            box.clear()
            if first:
                box.addItem(t("choose_for_me"), "")
            for entry in listed.usable(kind):
                picture = thumbnail(entry)
                icon = QtGui.QIcon() if picture is None else QtGui.QIcon(picture)
                box.addItem(icon, listed.says(kind, entry["name"]), entry["name"])
            if not first:
                box.setCurrentIndex(box.findText(text))
                box.setEditText(text)
            box.blockSignals(False)
        self.draw()

    def draw(self) -> None:
        choice = self.studio.choice
        self.recipe.set(choice.recipe)
        self.scope.set(choice.scope)
        poisons = choice.recipe != "cloak"
        new = poisons and not read_text(AGREED)
        self.style_row.setVisible(choice.recipe != "poison" and not new)
        self.poison.setVisible(poisons and not new)
        self.explain.setVisible(new)
        self.style_menu.setCurrentIndex(max(self.style_menu.findData(choice.style), 0))
        if self.shows.text() != choice.shows:
            self.shows.setText(choice.shows)
        if self.teach.currentText() != choice.teach:
            self.teach.blockSignals(True)
            self.teach.setCurrentIndex(self.teach.findText(choice.teach))
            self.teach.setEditText(choice.teach)
            self.teach.blockSignals(False)
        words = poison_caption(choice.shows)
        self.caption.setText(t("caption_says", caption=words) if words else t("caption_none"))
        self.copy_caption.setEnabled(bool(words))

    def _recipe(self, name: str) -> None:
        self.studio.choose(recipe=name)

    def _understood(self) -> None:
        write_text(AGREED, "yes")
        self.draw()

    def _copy_caption(self) -> None:
        copy_text(poison_caption(self.studio.choice.shows))


def poison_caption(shows: str) -> str:
    """The words that go with a poisoned picture, as the engine's plan says them."""
    return f"a picture of a {shows.strip()}" if shows.strip() else ""
