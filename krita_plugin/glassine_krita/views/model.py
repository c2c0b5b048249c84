"""A model of the artist's own: which folder it lies in, and the recipes that use it."""

from __future__ import annotations

from ..engine.catalogue import Catalogue, entry_tip, recipe_label
from ..qt import Qt, QtWidgets
from ..studio.studio import Studio
from ..words.texts import in_words, t
from .campaign import menu_row, refill
from .parts import push_button, quiet_label, row_of_widgets
from .slots import follow, guarded


class ModelRecipes(QtWidgets.QWidget):
    """The recipes that use a model; shown only where there is one."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.menu, row = menu_row("model_recipe", self._chosen)
        column.addWidget(row)
        follow(self, self.draw, studio.own_model.changed, studio.choice_changed)
        follow(self, self.draw, studio.engine_changed)
        self.draw()

    def draw(self) -> None:
        """A recipe that was chosen stays chosen, also where its model has gone: the engine says
        what is missing."""
        listed, chosen = self.studio.catalogue, self.studio.choice.recipe
        rows = [(recipe_label(row.name), row.name) for row in listed.of("model_recipes")]
        ours = uses_model(listed, chosen)
        self.setVisible(bool(rows) and (self.studio.own_model.usable or ours))
        refill(self.menu, [(t("model_none"), ""), *rows], chosen if ours else "")
        for at, (_, name) in enumerate(rows, 1):
            self.menu.setItemData(at, entry_tip("recipes", name), Qt.ItemDataRole.ToolTipRole)

    def _chosen(self, at: int) -> None:
        name = self.menu.itemData(at)
        if name or uses_model(self.studio.catalogue, self.studio.choice.recipe):
            plain = self.studio.catalogue.usable("recipes")
            self.studio.choose(recipe=name or (plain[0].name if plain else "cloak"))


def uses_model(listed: Catalogue, recipe: str) -> bool:
    """Whether that recipe uses a model of the artist's."""
    return bool(listed.row("model_recipes", recipe).name)


class ModelFolder(QtWidgets.QWidget):
    """The folder, and one line: what it holds, what is wrong with it, or what one would add."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        widget, line = row_of_widgets()
        self.field = QtWidgets.QLineEdit(studio.own_model.folder)
        self.field.setObjectName("glassine_model")
        self.field.setAccessibleName(t("model_label"))
        label = QtWidgets.QLabel(t("model_label"))
        label.setBuddy(self.field)
        line.addWidget(label)
        line.addWidget(self.field, 1)
        line.addWidget(push_button(t("model_choose"), "glassine_model_folder", self._look))
        column.addWidget(widget)
        self.says = quiet_label()
        self.says.setObjectName("glassine_model_says")
        column.addWidget(self.says)
        self.field.editingFinished.connect(
            guarded(lambda: studio.own_model.choose(self.field.text().strip()))
        )
        follow(self, self.draw, studio.own_model.changed, studio.engine_changed)
        self.draw()

    def draw(self) -> None:
        own = self.studio.own_model
        self.setVisible(own.known or bool(own.folder))
        if not self.field.hasFocus():
            self.field.setText(own.folder)
        if own.why is not None:
            self.says.setText(in_words(own.why))
        elif own.here is not None:
            self.says.setText(t("model_here", says=own.here))
        else:
            self.says.setText("" if own.folder else t("model_would_add"))

    def _look(self) -> None:
        found = QtWidgets.QFileDialog.getExistingDirectory(self, t("model_label"), "")
        if found:
            self.studio.own_model.choose(found)
