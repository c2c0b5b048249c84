"""What Krita knows of the plugin: one docker and three actions."""

from __future__ import annotations

from .canvas.layers import app
from .canvas.libkis import DockWidgetFactory, DockWidgetFactoryBase, Extension, Window
from .docker import DOCKER_ID, GlassineDocker, place_docker, show_docker
from .studio.instance import close_studio, studio
from .studio.job import State
from .views.quitting import ask_before_quitting
from .words.texts import t

EXPORT, AT_ONCE = "glassine_export", "glassine_export_at_once"
ACTIONS = {
    "glassine_apply": ("action_apply", "tools/scripts"),
    EXPORT: ("action_export", "tools"),
    AT_ONCE: ("action_at_once", "tools"),
    "glassine_docker": ("action_docker", "tools/scripts"),
}


class GlassineExtension(Extension):
    def setup(self) -> None:
        notifier = app().notifier()
        notifier.setActive(True)
        notifier.windowCreated.connect(into_file_menus)
        notifier.windowCreated.connect(into_place)
        notifier.imageSaved.connect(krita_saved)
        notifier.applicationClosing.connect(close_studio)

    def createActions(self, window: Window) -> None:  # Krita's name
        made = {}
        for name, (text, menu) in ACTIONS.items():
            made[name] = window.createAction(name, t(text), menu)
        made["glassine_apply"].triggered.connect(lambda: apply_from_menu())
        made[EXPORT].triggered.connect(lambda: show_docker("export"))
        made[AT_ONCE].triggered.connect(lambda: export_at_once())
        made["glassine_docker"].triggered.connect(lambda: show_docker("main"))


def apply_from_menu() -> None:
    """Why there is no job, or what it asks, is read in the docker."""
    job = studio().apply()
    if job is None or job.state is State.ASKING:
        show_docker("main")


def export_at_once() -> None:
    """Nothing is asked; why there is no job is read in the docker."""
    if studio().export_at_once() is None:
        show_docker("main")


def krita_saved(path: str) -> None:
    """After Krita's own saving and exporting; Krita does not tell of a script's."""
    studio().krita_saved(path)


def into_file_menus() -> None:
    """Krita takes one menu per action; the export belongs into File as well, below its own.

    A window's menus are built after its actions, so this waits until the window is there.
    """
    for window in app().windows():
        bar = window.qwindow().menuBar()
        menus = {} if bar is None else {row.objectName(): row.menu() for row in bar.actions()}
        file, tools = menus.get("file"), menus.get("tools")
        if file is None or tools is None:
            continue
        rows = file.actions()
        mine = [a for a in tools.actions() if a.objectName() in (EXPORT, AT_ONCE) and a not in rows]
        names = [row.objectName() for row in rows]
        after = names.index("file_export_file") + 1 if "file_export_file" in names else 0
        for one in mine:
            file.insertAction(rows[after] if after < len(rows) else None, one)


def into_place() -> None:
    for window in app().windows():
        place_docker(window.qwindow())
        ask_before_quitting(window.qwindow())


def register() -> None:
    krita = app()
    krita.addExtension(GlassineExtension(krita))
    right = DockWidgetFactoryBase.DockPosition.DockRight
    krita.addDockWidgetFactory(DockWidgetFactory(DOCKER_ID, right, GlassineDocker))
