"""What to do: a recipe of the engine's list, what it needs to be told, and to which part."""

from __future__ import annotations

from ..engine.catalogue import Catalogue, entry_says, entry_tip, recipe_label, thumbnail
from ..qt import QtCore, QtGui, QtWidgets
from ..studio.settings import read_text, write_text
from ..studio.studio import Studio
from ..words.texts import in_words, t
from .campaign import CampaignRows
from .faces import FaceRows
from .model import ModelRecipes
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
        self.recipe = Segments(self._recipe)
        column.addWidget(self.recipe)
        self.model = ModelRecipes(studio)
        column.addWidget(self.model)
        column.addWidget(self._style_row())
        self.known = quiet_label()
        self.known.setObjectName("glassine_poison_known")
        column.addWidget(self.known)
        column.addWidget(self._poison_rows())
        column.addWidget(self._explanation())
        self.faces = FaceRows(studio)
        column.addWidget(self.faces)
        column.addWidget(self._scope_row())
        follow(self, self.fill, studio.engine_changed)
        follow(self, self.draw, studio.choice_changed)
        follow(self, self.draw_caption, studio.choice_changed, studio.caption.changed)
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
        self.words = {"shows": self.shows, "teach": self.teach}
        self.campaign = CampaignRows(self.studio)
        grid.addWidget(self.campaign, 0, 0, 1, 2)
        self.labels = {key: QtWidgets.QLabel(t(f"{key}_label")) for key in self.words}
        for at, (key, field) in enumerate(self.words.items(), 1):
            label = self.labels[key]
            label.setBuddy(field)
            field.setAccessibleName(t(f"{key}_label"))
            grid.addWidget(label, at, 0)
            grid.addWidget(field, at, 1)
        self.caption = quiet_label()
        self.caption.setObjectName("glassine_caption")
        copy = push_button(t("copy_caption"), "glassine_copy_caption", self._copy_caption)
        self.copy_caption = copy
        grid.addWidget(self.caption, 3, 0, 1, 2)
        grid.addWidget(copy, 4, 0, 1, 2)
        self.shows.textChanged.connect(guarded(lambda text: self.studio.choose(shows=text)))
        self.teach.editTextChanged.connect(guarded(lambda text: self.studio.choose(teach=text)))
        return self.poison

    def _explanation(self) -> QtWidgets.QWidget:
        """What must be known before the first poison; shown once, in the docker."""
        self.explain = QtWidgets.QFrame()
        self.explain.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        column = QtWidgets.QVBoxLayout(self.explain)
        column.addWidget(quiet_label(t("poison_explained")))
        column.addWidget(push_button(t("understood"), "glassine_understood", self._understood))
        return self.explain

    def _scope_row(self) -> QtWidgets.QWidget:
        self.scope = Segments(lambda name: self.studio.choose(scope=name))
        self.scope.fill([(name, t(f"scope_{name}")) for name in ("layer", "selection", "picture")])
        return self.scope

    def fill(self) -> None:
        """New menus when the engine sent a new list."""
        listed = self.studio.catalogue
        if listed is self._filled:
            return
        self._filled = listed
        self._fill_recipes(listed)
        for box, kind, first in (
            (self.style_menu, "styles", True),
            (self.teach, "concepts", False),
        ):
            box.blockSignals(True)
            typed = box.currentText()
            box.clear()
            if first:
                box.addItem(t("choose_for_me"), "")
            for entry in listed.usable(kind):
                picture = thumbnail(entry)
                icon = QtGui.QIcon() if picture is None else QtGui.QIcon(picture)
                text = entry_says(kind, entry.name) if first else entry.name  # sent as it stands
                box.addItem(icon, text, entry.name)
            if not first:
                box.setCurrentIndex(box.findText(typed))
                box.setEditText(typed)
            box.blockSignals(False)
        self.draw()
        self.draw_caption()

    def _fill_recipes(self, listed: Catalogue) -> None:
        """A recipe that needs what this plugin cannot ask for is listed, but cannot be chosen."""
        rows = listed.of("recipes")
        self.recipe.fill([(row.name, recipe_label(row.name)) for row in rows])
        for row in rows:
            why = in_words(row.missing) if row.missing else "" if row.offered else t("recipe_newer")
            tip = "\n".join(filter(None, (entry_tip("recipes", row.name), why)))
            self.recipe.explain(row.name, tip)
            self.recipe.allow(row.name, row.offered)

    def draw(self) -> None:
        choice = self.studio.choice
        needs = self.studio.catalogue.needs(choice.recipe) or frozenset()
        self.recipe.set(choice.recipe)
        self.scope.set(choice.scope)
        poisons = not needs.isdisjoint(self.words)
        new = poisons and not read_text(AGREED)
        self.style_row.setVisible("style" in needs and not new)
        self.poison.setVisible(poisons and not new)
        self.explain.setVisible(new)
        self.known.setText(entry_says("recipes", choice.recipe, ".note") if poisons else "")
        self.known.setVisible(bool(self.known.text()))
        for key, field in self.words.items():
            typed = key in needs and not choice.campaign  # a campaign has its own menu of them
            field.setVisible(typed)
            self.labels[key].setVisible(typed)
        self.style_menu.setCurrentIndex(max(self.style_menu.findData(choice.style), 0))
        if self.shows.text() != choice.shows:
            self.shows.setText(choice.shows)
        if self.teach.currentText() != choice.teach:
            self.teach.blockSignals(True)
            self.teach.setCurrentIndex(self.teach.findText(choice.teach))
            self.teach.setEditText(choice.teach)
            self.teach.blockSignals(False)

    def draw_caption(self) -> None:
        """Shows the words that the engine gives, or why there are none."""
        known = self.studio.caption
        if known.words:
            text = t("caption_says", caption=known.words)
        elif known.why.code:
            text = in_words(known.why)
        else:
            text = t("caption_waits" if self.studio.intent.complete else "caption_none")
        self.caption.setText(text)
        self.copy_caption.setEnabled(bool(known.words))

    def _recipe(self, name: str) -> None:
        self.studio.choose(recipe=name)

    def _understood(self) -> None:
        write_text(AGREED, "yes")
        self.draw()

    def _copy_caption(self) -> None:
        copy_text(self.studio.caption.words)
