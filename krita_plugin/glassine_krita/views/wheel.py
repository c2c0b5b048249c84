"""The wheel scrolls the page; a slider or list takes it only while it has the focus."""

from __future__ import annotations

from typing import Any

from ..qt import Qt, QtCore, QtWidgets

FIELDS = (QtWidgets.QAbstractSlider, QtWidgets.QAbstractSpinBox, QtWidgets.QComboBox)


class Wheel(QtCore.QObject):
    """Keeps the wheel from all fields below `root`, also from those that are added later."""

    def __init__(self, root: QtWidgets.QWidget) -> None:
        super().__init__(root)
        self._follow(root)

    def _follow(self, widget: QtCore.QObject) -> None:
        widget.installEventFilter(self)
        if isinstance(widget, FIELDS) and not isinstance(widget, QtWidgets.QScrollBar):
            widget.setFocusPolicy(Qt.FocusPolicy.StrongFocus)  # the wheel does not give it
        for child in widget.children():
            if isinstance(child, QtWidgets.QWidget):
                self._follow(child)

    def eventFilter(self, watched: Any, event: Any) -> bool:  # Qt's name
        if (
            event.type() == QtCore.QEvent.Type.ChildPolished
        ):  # whole by then, which it is not when added
            if isinstance(event.child(), QtWidgets.QWidget):
                self._follow(event.child())
        elif event.type() == QtCore.QEvent.Type.Wheel and self._unasked(watched):
            event.ignore()  # the page gets it
            return True
        return False

    def _unasked(self, field: Any) -> bool:
        takes = isinstance(field, FIELDS) and not isinstance(field, QtWidgets.QScrollBar)
        return takes and not field.hasFocus()
