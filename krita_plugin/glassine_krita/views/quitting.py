"""Krita quits while work is under way: asked once, where Krita itself would ask to save."""

from __future__ import annotations

from typing import Any

from ..canvas.layers import app
from ..qt import QtCore, QtWidgets
from ..studio.instance import made_studio
from ..words.texts import t

NAME = "glassine_quitting"


class Quitting(QtCore.QObject):
    """Watches a window of Krita; the last one ends the engine with it."""

    def eventFilter(self, watched: Any, event: Any) -> bool:  # Qt's name
        if event.type() != QtCore.QEvent.Type.Close or len(app().windows()) > 1:
            return False
        studio = made_studio()
        waiting = [] if studio is None else [job for job in studio.jobs.all if job.active]
        if not waiting or self._wants_to_lose(watched, len(waiting)):
            return False
        event.ignore()
        return True

    def _wants_to_lose(self, window: QtWidgets.QWidget, count: int) -> bool:
        box = QtWidgets.QMessageBox(window)
        box.setObjectName("glassine_quit")
        box.setIcon(QtWidgets.QMessageBox.Icon.Question)
        box.setWindowTitle("Glassine")
        box.setText(t("quit_asks", count=count))
        roles = QtWidgets.QMessageBox.ButtonRole
        quit_now = box.addButton(t("quit_now"), roles.DestructiveRole)
        stay = box.addButton(t("quit_stay"), roles.RejectRole)
        for button, name in ((quit_now, "quit_now"), (stay, "quit_stay")):
            if button is not None:
                button.setObjectName(f"glassine_{name}")
        box.setDefaultButton(stay)
        box.setEscapeButton(stay)
        box.exec()
        return box.clickedButton() is quit_now


def ask_before_quitting(window: QtWidgets.QMainWindow) -> None:
    """Found again by its name: before there is one of a class, Qt takes any object for it."""
    if window.findChild(QtCore.QObject, NAME) is None:
        watcher = Quitting(window)
        watcher.setObjectName(NAME)
        window.installEventFilter(watcher)
