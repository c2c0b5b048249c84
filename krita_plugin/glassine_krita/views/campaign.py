"""Poison that many make together: the campaign, what it says, and how one is joined."""

from __future__ import annotations

from collections.abc import Callable

from ..qt import QtWidgets
from ..studio.studio import Studio
from ..words.texts import in_words, t
from .parts import push_button, quiet_label, row_of_widgets
from .slots import follow, guarded

JOIN = "\n"  # stands for "Join one" in the menu; no campaign has it in its name
FILES = "*.campaign"


class CampaignRows(QtWidgets.QWidget):
    """Which campaign, which of its concepts, until when, and who signed it."""

    def __init__(self, studio: Studio) -> None:
        super().__init__()
        self.studio = studio
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        self.menu, row = menu_row("campaign", self._chosen)
        column.addWidget(row)
        self.says = quiet_label()
        self.says.setObjectName("glassine_campaign_says")
        self.says.setToolTip(t("campaign_compare"))
        column.addWidget(self.says)
        self.pairs, self.pair_row = menu_row("pair", self._pair_chosen)
        column.addWidget(self.pair_row)
        column.addWidget(self._law())
        follow(self, self.draw, studio.campaigns.changed, studio.choice_changed)
        follow(self, self.draw, studio.engine_changed)
        self.draw()

    def _law(self) -> QtWidgets.QWidget:
        """Shown each time before a file is chosen."""
        self.law = QtWidgets.QFrame()
        self.law.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self.law.hide()
        column = QtWidgets.QVBoxLayout(self.law)
        self.law_says = quiet_label()
        column.addWidget(self.law_says)
        widget, line = row_of_widgets()
        line.addWidget(push_button(t("campaign_file"), "glassine_campaign_file", self._join), 1)
        line.addWidget(push_button(t("not_now"), "glassine_campaign_not_now", self.law.hide), 1)
        column.addWidget(widget)
        return self.law

    def draw(self) -> None:
        """A campaign that was chosen and is not listed any more stays chosen: the engine says
        what it has against it, and nobody poisons for another goal unknowingly."""
        campaigns, choice = self.studio.campaigns, self.studio.choice
        self.setVisible(campaigns.law is not None or bool(choice.campaign))
        rows = [(t("campaign_none"), ""), *((row.name, row.name) for row in campaigns.rows)]
        if choice.campaign and campaigns.named(choice.campaign) is None:
            rows.append((t("campaign_gone", name=choice.campaign), choice.campaign))
        if campaigns.law is not None:
            rows.append((t("campaign_join"), JOIN))
        refill(self.menu, rows, choice.campaign)
        row = campaigns.named(choice.campaign)
        if row is not None:
            self.says.setText(t("campaign_says", until=row.until, who=row.who, key=row.key))
        self.says.setVisible(row is not None)
        pairs = {choice.shows: choice.teach} if row is None else row.pairs
        shown = [(f"{shows} → {teach}", shows) for shows, teach in pairs.items()]
        refill(self.pairs, shown, choice.shows)
        self.pair_row.setVisible(bool(choice.campaign))

    def _chosen(self, at: int) -> None:
        name = self.menu.itemData(at)
        self.law.setVisible(name == JOIN)
        if name == JOIN:
            law = self.studio.campaigns.law
            assert law is not None  # without it that row is not in the menu
            self.law_says.setText(f"{in_words(law)}\n\n{t('campaign_compare')}")
            self.draw()
        else:
            self.studio.take_part(name)

    def _pair_chosen(self, at: int) -> None:
        if (row := self.studio.campaigns.named(self.studio.choice.campaign)) is not None:
            shows = self.pairs.itemData(at)
            self.studio.choose(shows=shows, teach=row.pairs[shows])

    def _join(self) -> None:
        kind = f"{t('campaign_label')} ({FILES})"
        path, _ = QtWidgets.QFileDialog.getOpenFileName(self, t("campaign_file"), "", kind)
        if path:
            self.law.hide()
            self.studio.campaigns.join(path)


def menu_row(
    name: str, chosen: Callable[[int], None]
) -> tuple[QtWidgets.QComboBox, QtWidgets.QWidget]:
    """A menu that the artist chooses from, and its row with a label."""
    made = QtWidgets.QComboBox()
    made.setObjectName(f"glassine_{name}")
    made.setAccessibleName(t(f"{name}_label"))
    made.setMinimumWidth(60)
    label = QtWidgets.QLabel(t(f"{name}_label"))
    label.setBuddy(made)
    widget, line = row_of_widgets()
    line.addWidget(label)
    line.addWidget(made, 1)
    made.activated.connect(guarded(chosen))
    return made, widget


def refill(menu: QtWidgets.QComboBox, rows: list[tuple[str, str]], chosen: str) -> None:
    """Fills a menu with rows of (text, name), and chooses one. A menu that has them already is not
    filled again, since it may be open."""
    if [(menu.itemText(at), menu.itemData(at)) for at in range(menu.count())] != rows:
        menu.clear()
        for text, name in rows:
            menu.addItem(text, name)
    menu.setCurrentIndex(max(menu.findData(chosen), 0))
