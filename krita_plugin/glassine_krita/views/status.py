"""The top of the docker: the engine in one line, and what went wrong, in words."""

from __future__ import annotations

from collections.abc import Callable

from ..qt import QtWidgets
from ..studio.studio import Studio
from ..words.texts import t
from .parts import (
    Dot,
    Elided,
    Scrolled,
    copy_text,
    push_button,
    quiet_label,
    tool_button,
)
from .slots import follow

LINE = 16  # pixels; a long error scrolls, and leaves the buttons below it in sight
GREY = "#8a8a8a"
COLOURS = {"ready": "#3fa45b", "starting": "#d8a13a", "broken": "#cf4b45", "silent": "#cf4b45"}


class Status(QtWidgets.QWidget):
    def __init__(
        self, studio: Studio, go: Callable[[str], None], parent: QtWidgets.QWidget
    ) -> None:
        super().__init__(parent)
        self.studio = studio
        line = QtWidgets.QHBoxLayout(self)
        line.setContentsMargins(0, 0, 0, 0)
        self.dot, self.says = Dot(self), Elided("", self)
        self.says.setObjectName("glassine_status")
        self.act = push_button("", "glassine_engine_act", self._act)
        line.addWidget(self.dot)
        line.addWidget(self.says, 1)
        line.addWidget(self.act)
        line.addWidget(tool_button("⚙", t("setup"), "glassine_setup", lambda: go("setup")))
        self._go = go
        follow(self, self.draw, studio.engine_changed)
        follow(self, self.draw, studio.installer.changed)
        self.draw()

    def draw(self) -> None:
        condition, installer = self.studio.engine.condition, self.studio.installer
        name = condition.name
        if installer.running:
            at = min(installer.step + 1, installer.steps)
            words = t("installing", step=at, steps=installer.steps, what=installer.doing)
            name = "starting"
        elif name == "ready":
            words = t("engine_ready", device=condition.hello.device.says or "")
        else:
            words = t(f"engine_{name}")
        self.dot.paint(COLOURS.get(name, GREY))
        self.says.say(words)
        self.says.setAccessibleName(words)
        stuck = name == "starting" and condition.says is not None and not installer.running
        self.act.setVisible(stuck or name in ("absent", "stopped", "broken", "silent"))
        self.act.setText(t("install_here" if name == "absent" else "restart_engine"))

    def _act(self) -> None:
        if self.studio.engine.condition.name == "absent":
            self._go("setup")
        else:
            self.studio.restart_engine()


class Trouble(QtWidgets.QFrame):
    """The last error, with buttons to copy and to close it. Never a dialog."""

    def __init__(self, studio: Studio, parent: QtWidgets.QWidget) -> None:
        super().__init__(parent)
        self.studio = studio
        self.setFrameShape(QtWidgets.QFrame.Shape.StyledPanel)
        self.setObjectName("glassine_trouble")
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(6, 3, 6, 3)
        column.setSpacing(2)
        self.says = quiet_label("", self)
        self.says.setObjectName("glassine_trouble_says")
        column.addWidget(Scrolled(self.says, 2 * LINE, 4 * LINE))
        line = QtWidgets.QHBoxLayout()
        line.addStretch(1)
        for words, name, slot in (
            ("copy_details", "glassine_copy_details", self._copy),
            ("dismiss", "glassine_dismiss", lambda: studio.complain("")),
        ):
            line.addWidget(push_button(t(words), name, slot))
        column.addLayout(line)
        follow(self, self.draw, studio.engine_changed)
        self.draw()

    def draw(self) -> None:
        self.says.setText(self.studio.trouble)
        self.setVisible(bool(self.studio.trouble))

    def _copy(self) -> None:
        copy_text(self.studio.details())
