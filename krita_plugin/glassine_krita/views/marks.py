"""What an export carries: one box per mark, and the switches that belong to the receipt."""

from __future__ import annotations

from collections.abc import Iterable

from ..engine.catalogue import Catalogue, entry_says, entry_tip
from ..qt import QtWidgets
from ..studio.choices import Exporting
from ..words.texts import in_words, t
from .parts import (
    narrow,
)
from .slots import guarded

RECEIPT, INDENT = "receipt", 18  # the mark that has switches of its own, and pixels before them


class Marks(QtWidgets.QWidget):
    def __init__(self) -> None:
        super().__init__()
        self.boxes: dict[str, QtWidgets.QCheckBox] = {}
        self._column = QtWidgets.QVBoxLayout(self)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(2)
        self.switches = {name: check_box(name) for name in ("keep_path", "sidecar")}
        self.more = indented(self.switches.values())
        self._column.addWidget(self.more)  # at once: shown without a place it would be a window
        self.private = check_box("keep_private")
        self.private.setToolTip(t("keep_private_tip"))
        self._column.addWidget(self.private)

    def fill(self, listed: Catalogue) -> None:
        """Makes a box for each mark that the engine lists."""
        for box in self.boxes.values():
            box.deleteLater()
        self.boxes = {}
        for entry in listed.of("marks"):
            says = entry_says("marks", entry.name)
            box = QtWidgets.QCheckBox(entry_says("marks", entry.name, ".label") or says)
            narrow(box).setObjectName(f"glassine_mark_{entry.name}")
            why = in_words(entry.missing) if entry.missing else ""
            box.setToolTip("\n".join(filter(None, (entry_tip("marks", entry.name), why))))
            box.setEnabled(entry.missing is None)
            self._column.addWidget(box)
            self.boxes[entry.name] = box
            if entry.name == RECEIPT:
                box.toggled.connect(guarded(self.more.setVisible))
                self._column.addWidget(self.more)
        self._column.addWidget(self.private)

    def choose(self, how: Exporting) -> None:
        for name, box in self.boxes.items():
            box.setChecked(name in how.marks and box.isEnabled())
        self.switches["keep_path"].setChecked(how.keep_path)
        self.switches["sidecar"].setChecked(how.sidecar)
        self.private.setChecked(how.keep_private)
        self.more.setVisible(RECEIPT in how.marks and RECEIPT in self.boxes)

    def allow(self, listed: Catalogue, format_name: str | None) -> None:
        """Marks that the format cannot carry are switched off."""
        for name, box in self.boxes.items():
            entry = listed.row("marks", name)
            fits = not entry.formats or format_name in entry.formats
            box.setEnabled(fits and entry.missing is None)
            if not box.isEnabled():
                box.setChecked(False)

    def chosen(self) -> tuple[str, ...]:
        return tuple(name for name, box in self.boxes.items() if box.isChecked())

    def switched(self, name: str) -> bool:
        """Whether that switch of the receipt is on; never without a receipt."""
        return RECEIPT in self.chosen() and self.switches[name].isChecked()


def check_box(name: str) -> QtWidgets.QCheckBox:
    box = QtWidgets.QCheckBox(t(name))
    narrow(box, box.text()).setObjectName(f"glassine_{name}")
    return box


def indented(rows: Iterable[QtWidgets.QWidget]) -> QtWidgets.QWidget:
    """The widgets one below the other, indented, since they belong to the line above."""
    widget = QtWidgets.QWidget()
    column = QtWidgets.QVBoxLayout(widget)
    column.setContentsMargins(INDENT, 0, 0, 0)
    column.setSpacing(2)
    for one in rows:
        column.addWidget(one)
    return widget
