"""The panel: places the views and binds them to the studio."""

from __future__ import annotations

from typing import cast

from .canvas.layers import app
from .canvas.libkis import DockWidget
from .qt import Qt, QtWidgets
from .studio.instance import studio
from .studio.job import Job, State
from .studio.settings import read_text, write_text
from .views.export import ExportPage
from .views.main import MainPage
from .views.setup import SetupPage
from .views.slots import follow
from .views.status import Status, Trouble
from .views.wheel import Wheel

DOCKER_ID = "glassine_docker"
LAYERS_ID = "KisLayerBox"
LOW, FIRST = 200, 400  # pixels: its least height; its height at a first start
PLACED = "placed"  # whether a first start has given it its place
PAGES = ("main", "export", "setup")
NEWS = (State.ASKING, State.FAILED, State.KEPT)  # how a job ends that the artist has to know about


class GlassineDocker(DockWidget):
    """One per window; all of them show the same studio."""

    def __init__(self) -> None:
        super().__init__()
        self.setWindowTitle("Glassine")
        self.studio = studio()
        body = QtWidgets.QWidget(self)
        column = QtWidgets.QVBoxLayout(body)
        column.setContentsMargins(6, 4, 6, 6)
        column.setSpacing(5)
        self.status = Status(self.studio, self.open, body)
        self.trouble = Trouble(self.studio, body)
        self.pages = QtWidgets.QStackedWidget(body)
        self.main = MainPage(self.studio, self.open)
        self.exporting = ExportPage(self.studio, self.open)
        self.setup = SetupPage(self.studio, self.open)
        for page in (self.main, self.exporting, self.setup):
            self.pages.addWidget(page)
        column.addWidget(self.status)
        column.addWidget(self.trouble)
        column.addWidget(self.pages, 1)
        body.setMinimumHeight(LOW)  # a layout's own changes, and would move Krita's other dockers
        self.setWidget(body)
        Wheel(self)
        watch, who = self.studio.watch, id(self)
        self.visibilityChanged.connect(lambda on: watch(on, who))
        self.destroyed.connect(lambda: watch(False, who))
        follow(self, self._ended, self.studio.jobs.finished)

    def open(self, page: str) -> None:
        """Shows one of PAGES; no page is a window of its own."""
        self.pages.setCurrentIndex(PAGES.index(page))
        inside = (self.main, self.exporting, self.setup)[PAGES.index(page)]
        inside.shown()

    def _ended(self, job: Job) -> None:
        """Brings the docker up where a job from the menus ends with news that nobody would see."""
        if job.state in NEWS and not self.studio.watching:
            show_docker("main")

    def canvasChanged(self, canvas: object) -> None:  # Krita's name
        """Also called while a window is being taken apart: look when that is over."""
        self.studio.look_soon()


def show_docker(page: str) -> None:
    """From the menus: brings the docker up with that page."""
    for docker in app().dockers():
        if docker.objectName() == DOCKER_ID:
            docker.show()
            docker.raise_()
            cast(GlassineDocker, docker).open(page)
            return


def place_docker(window: QtWidgets.QMainWindow) -> None:
    """At a first start: a tab beside the layers. Krita would put it below all others, where its
    buttons are cut off; later it stays where the artist has put it."""
    found = {dock.objectName(): dock for dock in window.findChildren(QtWidgets.QDockWidget)}
    mine, layers = found.get(DOCKER_ID), found.get(LAYERS_ID)
    if mine is None or layers is None or read_text(PLACED):
        return
    write_text(PLACED, "yes")
    if window.dockWidgetArea(layers) == Qt.DockWidgetArea.NoDockWidgetArea or layers.isFloating():
        return
    window.tabifyDockWidget(layers, mine)
    mine.show()
    mine.raise_()
    window.resizeDocks([mine], [FIRST], Qt.Orientation.Vertical)
