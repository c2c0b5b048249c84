"""Krita quits while work is under way: asked once, where Krita itself would ask to save."""

from __future__ import annotations

from functools import cache
from typing import Any

from ..canvas.layers import app
from ..qt import QtCore, QtWidgets
from ..studio.instance import made_studio
from ..words.texts import t


class Quitting(QtCore.QObject):
    """Watches Krita's windows; the last one ends the engine with it."""

    def eventFilter(self, watched: Any, event: Any) -> bool:  # Qt's name
        if event.type() != QtCore.QEvent.Type.Close or others_than(watched):
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


def others_than(window: QtWidgets.QMainWindow) -> bool:
    """Whether another window is open; one that was just closed is listed a moment longer."""
    shown = [one.qwindow() for one in app().windows()]
    return any(one is not window and one.isVisible() for one in shown)


@cache
def watcher() -> Quitting:
    """One for all windows, kept alive here: as a child of a window, only its C++ half would live,
    without the class above."""
    return Quitting()


def ask_before_quitting(window: QtWidgets.QMainWindow) -> None:
    """Watches that window too; a second call changes nothing."""
    window.installEventFilter(watcher())
