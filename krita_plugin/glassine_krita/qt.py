"""PyQt6 on Krita 6, PyQt5 on Krita 5. The only file of the plugin that names either.

Krita tells which Qt it was built with; asking for the other one can load a second Qt into the same
process and crash it. Outside Krita (tests) the environment decides.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING


def major() -> int:
    try:
        import pykrita  # type: ignore[import-not-found]  # Krita's own, in every version
    except ImportError:
        return int(os.environ.get("GLASSINE_QT", "5"))
    return int(getattr(pykrita, "qt_major_version", lambda: 5)())


if TYPE_CHECKING or major() == 6:
    from PyQt6 import QtCore, QtGui, QtWidgets
    from PyQt6.QtCore import pyqtSignal as Signal
    from PyQt6.QtGui import QAction
else:
    from PyQt5 import QtCore, QtGui, QtWidgets
    from PyQt5.QtCore import pyqtSignal as Signal
    from PyQt5.QtWidgets import QAction

Qt = QtCore.Qt

__all__ = ["QAction", "Qt", "QtCore", "QtGui", "QtWidgets", "Signal", "major"]
