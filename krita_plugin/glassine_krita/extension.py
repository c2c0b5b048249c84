"""What Krita knows of the plugin: one docker and three actions."""

from __future__ import annotations

from typing import Any

from .canvas import layers
from .docker import DOCKER_ID, GlassineDocker, show_docker
from .studio.instance import close, studio
from .words.texts import t

EXPORT = "glassine_export"
ACTIONS = {
    "glassine_apply": ("action_apply", "tools/scripts"),
    EXPORT: ("action_export", "tools"),
    "glassine_docker": ("action_docker", "tools/scripts"),
}


class GlassineExtension(layers.Extension):
    def setup(self) -> None:
        notifier = layers.app().notifier()
        notifier.setActive(True)
        notifier.windowCreated.connect(into_file_menus)
        notifier.applicationClosing.connect(close)

    def createActions(self, window: Any) -> None:  # Krita's name
        made = {}
        for name, (text, menu) in ACTIONS.items():
            made[name] = window.createAction(name, t(text), menu)
        made["glassine_apply"].triggered.connect(lambda: apply())
        made[EXPORT].triggered.connect(lambda: show_docker("export"))
        made["glassine_docker"].triggered.connect(lambda: show_docker("main"))


def apply() -> None:
    """Why there is no job, or what it asks, is read in the docker."""
    job = studio().apply()
    if job is None or job.state == "asking":
        show_docker("main")


def into_file_menus() -> None:
    """Krita takes one menu per action; the export belongs into File as well, below its own.

    A window's menus are built after its actions, so this waits until the window is there.
    """
    for window in layers.app().windows():
        menus = {bar.objectName(): bar.menu() for bar in window.qwindow().menuBar().actions()}
        file, tools = menus.get("file"), menus.get("tools")
        if file is None or tools is None:
            continue
        rows, mine = file.actions(), [a for a in tools.actions() if a.objectName() == EXPORT]
        if mine and mine[0] not in rows:
            names = [row.objectName() for row in rows]
            after = names.index("file_export_file") + 1 if "file_export_file" in names else 0
            file.insertAction(rows[after] if after < len(rows) else None, mine[0])


def register() -> None:
    app = layers.app()
    app.addExtension(GlassineExtension(app))
    right = layers.DockWidgetFactoryBase.DockPosition.DockRight
    app.addDockWidgetFactory(layers.DockWidgetFactory(DOCKER_ID, right, GlassineDocker))
