"""What Krita knows of the plugin: one docker and three actions."""

from __future__ import annotations

from typing import Any

from . import layers
from .docker import DOCKER_ID, GlassineDocker, show_docker
from .qt import QtWidgets
from .studio import studio
from .texts import t

ACTIONS = {
    "glassine_apply": ("action_apply", "tools/scripts"),
    "glassine_export": ("action_export", "tools"),
    "glassine_docker": ("action_docker", "tools/scripts"),
}


class GlassineExtension(layers.Extension):
    def setup(self) -> None:
        notifier = layers.app().notifier()
        notifier.setActive(True)
        notifier.applicationClosing.connect(lambda: studio().close())

    def createActions(self, window: Any) -> None:  # Krita's name
        made = {}
        for name, (text, menu) in ACTIONS.items():
            made[name] = window.createAction(name, t(text), menu)
        made["glassine_apply"].triggered.connect(lambda: studio().apply())
        made["glassine_export"].triggered.connect(lambda: show_docker("export"))
        made["glassine_docker"].triggered.connect(lambda: show_docker("main"))
        into_file_menu(window, made["glassine_export"])


def into_file_menu(window: Any, action: Any) -> None:
    """Krita takes one menu per action; the export belongs into File as well, below its own."""
    for entry in window.qwindow().menuBar().actions():
        if entry.objectName() == "file" and isinstance(entry.menu(), QtWidgets.QMenu):
            rows = entry.menu().actions()
            names = [row.objectName() for row in rows]
            after = names.index("file_export_file") + 1 if "file_export_file" in names else 0
            entry.menu().insertAction(rows[after] if after < len(rows) else None, action)


def register() -> None:
    app = layers.app()
    app.addExtension(GlassineExtension(app))
    right = layers.DockWidgetFactoryBase.DockPosition.DockRight
    app.addDockWidgetFactory(layers.DockWidgetFactory(DOCKER_ID, right, GlassineDocker))
