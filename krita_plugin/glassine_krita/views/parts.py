"""Small widgets that several views use."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any, TypeVar

from ..qt import Qt, QtCore, QtGui, QtWidgets
from .slots import guarded

Widget = TypeVar("Widget", bound=QtWidgets.QWidget)


def quiet_label(text: str = "", parent: QtWidgets.QWidget | None = None) -> QtWidgets.QLabel:
    """Wrapped text in the palette's weaker colour; can be selected and copied."""
    label = QtWidgets.QLabel(text, parent)
    label.setTextFormat(Qt.TextFormat.PlainText)
    label.setWordWrap(True)
    label.setMinimumWidth(20)  # not as wide as the longest word: that may be the name of a file
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    label.setForegroundRole(QtGui.QPalette.ColorRole.WindowText)
    font = label.font()
    font.setPointSizeF(font.pointSizeF() * 0.92)
    label.setFont(font)
    return label


def narrow(widget: Widget, tip: str = "") -> Widget:
    """Lets it shrink, since a page wider than its docker is cut off; the tip has the whole text."""
    widget.setMinimumWidth(20)
    if tip and not widget.toolTip():
        widget.setToolTip(tip)
    return widget


def light_up(button: QtWidgets.QAbstractButton) -> None:
    """A button that is down gets the palette's highlight, now and in every later theme. (A style
    sheet would do it too, and would lose the docker's small font.)"""
    roles = QtGui.QPalette.ColorRole

    def draw(*_: Any) -> None:
        parent = button.parentWidget()
        palette = QtGui.QPalette(parent.palette() if parent else button.palette())
        if button.isChecked():
            palette.setColor(roles.Button, palette.color(roles.Highlight))
            palette.setColor(roles.ButtonText, palette.color(roles.HighlightedText))
        button.setPalette(palette)

    watcher = Themes(button, draw)
    button.toggled.connect(draw)
    button.installEventFilter(watcher)


class Themes(QtCore.QObject):
    """Calls `draw` when a widget's parent changes its palette, or the widget its parent."""

    def __init__(self, widget: QtWidgets.QWidget, draw: Callable[..., None]) -> None:
        super().__init__(widget)
        self._draw = draw

    def eventFilter(self, watched: Any, event: Any) -> bool:  # Qt's name
        kinds = QtCore.QEvent.Type
        if event.type() == kinds.ParentChange and watched.parentWidget() is not None:
            watched.parentWidget().installEventFilter(self)
        if (watched is not self.parent() and event.type() == kinds.PaletteChange) or (
            watched is self.parent() and event.type() in (kinds.Show, kinds.ParentChange)
        ):
            self._draw()
        return False


LEAST = 60  # pixels that a scrolling part keeps in a low docker
ABREAST = 3  # buttons side by side


class Segments(QtWidgets.QWidget):
    """Buttons of which one is down, a few in a row; arrow keys move along them."""

    def __init__(self, chosen: Callable[[str], None]) -> None:
        super().__init__()
        self._grid = QtWidgets.QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(0)
        self._before = QtWidgets.QWidget(self)  # unseen: the buttons come after it in the tab order
        self._before.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self._before.hide()
        self._chosen = chosen
        self._buttons: dict[str, QtWidgets.QPushButton] = {}
        self._group = QtWidgets.QButtonGroup(self)

    def fill(self, rows: list[tuple[str, str]]) -> None:
        """Replaces all buttons by these rows of (name, text)."""
        for button in self._buttons.values():
            self._group.removeButton(button)
            button.setParent(None)
            button.deleteLater()
        self._buttons = {name: self._made(name, text) for name, text in rows}
        last = self._before
        for at, button in enumerate(self._buttons.values()):
            self.setTabOrder(last, button)
            last = button
            self._group.addButton(button)
            self._grid.addWidget(button, *divmod(at, ABREAST))
            self._grid.setColumnStretch(at % ABREAST, 1)

    def _made(self, name: str, text: str) -> QtWidgets.QPushButton:
        button = QtWidgets.QPushButton(text, self)
        button.setCheckable(True)
        button.setObjectName(f"glassine_{name}")
        button.setMinimumWidth(20)
        light_up(button)
        button.clicked.connect(guarded(lambda checked=False: self._chosen(name)))
        return button

    def set(self, name: str) -> None:
        """Presses that button down; none where no button has that name."""
        self._group.setExclusive(False)
        for other, button in self._buttons.items():
            button.setChecked(other == name)
        self._group.setExclusive(True)

    def explain(self, name: str, text: str) -> None:
        self._buttons[name].setToolTip(text)

    def allow(self, name: str, on: bool) -> None:
        self._buttons[name].setEnabled(on)


class Elided(QtWidgets.QLabel):
    """One line that ends in dots instead of widening the docker; all of it in the tool tip."""

    def __init__(self, text: str = "", parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._whole = ""
        self.setTextFormat(Qt.TextFormat.PlainText)  # a layer may be called "<b>"
        self.setMinimumWidth(30)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Ignored, policy.Preferred)
        self.say(text)

    def say(self, text: str) -> None:
        self._whole = text
        self._fit()

    def whole(self) -> str:
        return self._whole

    def resizeEvent(self, event: Any) -> None:  # Qt's name
        self._fit()
        super().resizeEvent(event)

    def _fit(self) -> None:
        mode = Qt.TextElideMode.ElideRight
        short = self.fontMetrics().elidedText(self._whole, mode, max(self.width(), 30))
        self.setText(short)
        # Qt reads a tip as markup where it looks like that: "<b>" would not be seen.
        tip = f"<qt>{html.escape(self._whole)}</qt>"
        self.setToolTip(tip if short != self._whole else "")


class Dot(QtWidgets.QWidget):
    """A coloured dot for the engine's state; the words beside it say the same."""

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._colour = QtGui.QColor(128, 128, 128)
        self.setFixedSize(10, 10)

    def paint(self, colour: str) -> None:
        self._colour = QtGui.QColor(colour)
        self.update()

    def paintEvent(self, event: Any) -> None:  # Qt's name
        painter = QtGui.QPainter(self)
        painter.setRenderHint(QtGui.QPainter.RenderHint.Antialiasing)
        painter.setBrush(self._colour)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.drawEllipse(QtCore.QRectF(1, 1, 8, 8))


class Scrolled(QtWidgets.QScrollArea):
    """As high as its content, where there is room for it; scrolls instead of squeezing its rows.

    least  pixels that it keeps in a low docker
    most   pixels above which it scrolls even where there is room
    """

    def __init__(self, content: QtWidgets.QWidget, least: int, most: int = 0) -> None:
        super().__init__()
        self._most = most
        self.setWidgetResizable(True)
        self.setFrameShape(QtWidgets.QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setMinimumHeight(least)
        policy = QtWidgets.QSizePolicy.Policy
        self.setSizePolicy(policy.Preferred, policy.Maximum)
        self.setWidget(content)

    def sizeHint(self) -> QtCore.QSize:  # Qt's name
        content = self.widget()
        if content is None:
            return super().sizeHint()
        hint, layout = content.sizeHint(), content.layout()
        high = hint.height()
        if layout is not None and layout.hasHeightForWidth():
            high = layout.totalHeightForWidth(max(self.width(), 1))
        return QtCore.QSize(hint.width(), min(high, self._most) if self._most else high)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # Qt's name
        if watched is self.widget() and event.type() == QtCore.QEvent.Type.LayoutRequest:
            self.updateGeometry()
        return super().eventFilter(watched, event)

    def resizeEvent(self, event: Any) -> None:  # Qt's name
        super().resizeEvent(event)
        if event.size().width() != event.oldSize().width():
            self.updateGeometry()  # the text wraps differently


def push_button(text: str, name: str, slot: Callable[[], object]) -> QtWidgets.QPushButton:
    made = QtWidgets.QPushButton(text)
    made.setObjectName(name)
    made.setMinimumWidth(20)
    made.clicked.connect(guarded(lambda checked=False: slot()))
    return made


def tool_button(
    text: str, tip: str, name: str, slot: Callable[[], object]
) -> QtWidgets.QToolButton:
    made = QtWidgets.QToolButton()
    made.setText(text)
    made.setToolTip(tip)
    made.setAccessibleName(tip)
    made.setObjectName(name)
    made.setAutoRaise(True)
    made.setFocusPolicy(Qt.FocusPolicy.TabFocus)
    made.clicked.connect(guarded(lambda checked=False: slot()))
    return made


def heading(text: str) -> QtWidgets.QLabel:
    label = QtWidgets.QLabel(text)
    font = label.font()
    font.setBold(True)
    label.setFont(font)
    label.setAlignment(Qt.AlignmentFlag.AlignLeft)
    return narrow(label)


def row_of_widgets() -> tuple[QtWidgets.QWidget, QtWidgets.QHBoxLayout]:
    """An empty row, and its layout to fill."""
    widget = QtWidgets.QWidget()
    line = QtWidgets.QHBoxLayout(widget)
    line.setContentsMargins(0, 0, 0, 0)
    return widget, line


def copy_text(text: str) -> None:
    """Copies it to the clipboard, which a machine without a screen may lack."""
    if (clipboard := QtGui.QGuiApplication.clipboard()) is not None:
        clipboard.setText(text)
