"""The engine: which build to install, how large it is, how far the installation is, removing it."""

from __future__ import annotations

from collections.abc import Callable

from ..engine.catalogue import Row, entry_says
from ..install.builds import Build, builds_for
from ..install.installed import engine_record, is_complete, is_outdated, remove_engine
from ..qt import Qt, QtWidgets
from ..studio.settings import read_text, write_text
from ..studio.studio import Studio
from ..words.amounts import rounded_size
from ..words.texts import has_words, t
from .model import ModelFolder
from .parts import (
    LEAST,
    Scrolled,
    heading,
    push_button,
    quiet_label,
    row_of_widgets,
)
from .slots import follow, guarded

DEVICES = ("", "cpu")  # the fastest there is, or the processor


class SetupPage(QtWidgets.QWidget):
    def __init__(self, studio: Studio, go: Callable[[str], None]) -> None:
        super().__init__()
        self.studio = studio
        self._sure = False  # the next click removes gigabytes
        self._card = False  # the engine was seen to compute on a graphics card
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(heading(t("setup")))
        column.addWidget(Scrolled(self._choices(), LEAST))
        column.addWidget(self._progress())
        widget, line = row_of_widgets()
        self.go = push_button(t("install_engine"), "glassine_install", self._install)
        self.stop = push_button(t("cancel"), "glassine_install_cancel", studio.installer.cancel)
        line.addWidget(push_button(t("back"), "glassine_setup_back", lambda: go("main")), 1)
        for made in (self.go, self.stop):
            line.addWidget(made, 1)
        column.addWidget(widget)
        column.addStretch(1)
        follow(self, self.draw, studio.engine_changed)
        follow(self, self.draw, studio.installer.changed)
        follow(self, self.draw_device, studio.engine_changed, studio.jobs.changed)
        follow(self, self.draw_models, studio.engine_changed)
        self.draw()
        self.draw_models()
        self.draw_device()

    def _choices(self) -> QtWidgets.QWidget:
        """What scrolls in a low docker."""
        widget = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        self.state, self.sizes, self.models = quiet_label(), quiet_label(), quiet_label()
        self.state.setObjectName("glassine_setup_state")
        self.models.setObjectName("glassine_surrogates")
        self.remove = push_button(t("remove_engine"), "glassine_remove", self._remove)
        for one in (self.state, self._builds(), self.sizes, quiet_label(t("setup_explained"))):
            column.addWidget(one)
        self.own_model = ModelFolder(self.studio)
        for one in (self._device(), self.models, self.own_model, self._own(), self.remove):
            column.addWidget(one)
        return widget

    def _builds(self) -> QtWidgets.QWidget:
        """The menu of builds; below it stands how large the chosen one is."""
        self.builds = QtWidgets.QComboBox()
        self.builds.setObjectName("glassine_build")
        self.builds.setAccessibleName(t("build_label"))
        self.builds.setMinimumWidth(60)
        for at, build in enumerate(builds_for()):
            self.builds.addItem(t(f"build_{build.name}"), build.name)
            self.builds.setItemData(at, size_words(build), Qt.ItemDataRole.ToolTipRole)
        self.builds.currentIndexChanged.connect(guarded(lambda at: self.draw()))
        return self.builds

    def _progress(self) -> QtWidgets.QWidget:
        """A bar for an installation, and the last line that it wrote."""
        widget = QtWidgets.QWidget()
        column = QtWidgets.QVBoxLayout(widget)
        column.setContentsMargins(0, 0, 0, 0)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setFixedHeight(8)
        self.bar.setTextVisible(False)
        self.line = quiet_label()
        column.addWidget(self.bar)
        column.addWidget(self.line)
        return widget

    def _own(self) -> QtWidgets.QWidget:
        """For those who have an engine of their own."""
        widget, line = row_of_widgets()
        self.python = QtWidgets.QLineEdit(read_text("python"))
        self.python.setObjectName("glassine_python")
        self.python.setPlaceholderText(t("python_example"))
        self.python.setAccessibleName(t("python_label"))
        label = QtWidgets.QLabel(t("python_label"))
        label.setBuddy(self.python)
        label.setAlignment(Qt.AlignmentFlag.AlignVCenter)
        line.addWidget(label)
        line.addWidget(self.python, 1)
        self.python.editingFinished.connect(guarded(self._python_named))
        return widget

    def _device(self) -> QtWidgets.QWidget:
        """For those whose graphics card makes trouble."""
        self.device_row, line = row_of_widgets()
        self.device = QtWidgets.QComboBox()
        self.device.setObjectName("glassine_device")
        self.device.setAccessibleName(t("device_label"))
        self.device.setToolTip(t("device_tip"))
        self.device.setMinimumWidth(60)
        for name in DEVICES:
            self.device.addItem(t(f"device_{name or 'auto'}"), name)
        self.device.activated.connect(guarded(lambda at: self.studio.compute_on(DEVICES[at])))
        label = QtWidgets.QLabel(t("device_label"))
        label.setBuddy(self.device)
        line.addWidget(label)
        line.addWidget(self.device, 1)
        return self.device_row

    def shown(self) -> None:
        self._sure = False
        self.draw()

    def draw(self) -> None:
        installer, record = self.studio.installer, engine_record()
        if is_outdated():
            words = t("setup_outdated", version=record.get("version", "?"))
        elif is_complete():
            words = t(
                "setup_installed", version=record["version"], build=build_words(record["build"])
            )
        elif record:
            words = t("setup_unfinished")
        elif self.studio.engine.command:
            words = t("setup_own")
        else:
            words = t("setup_none")
        self.state.setText(words)
        self.go.setText(t("update_engine" if is_complete() else "install_engine"))
        self.go.setVisible(not installer.running)
        self.stop.setVisible(installer.running)
        self.remove.setText(t("remove_sure" if self._sure else "remove_engine"))
        self.remove.setVisible(bool(record) and not installer.running)
        self.builds.setEnabled(not installer.running)
        self.sizes.setText(self.builds.currentData(Qt.ItemDataRole.ToolTipRole) or "")
        self.bar.setVisible(installer.running)
        self.bar.setRange(0, installer.steps)
        self.bar.setValue(installer.step)
        self.line.setVisible(installer.running)
        self.line.setText(installer.line[:160])

    def draw_models(self) -> None:
        """Lists the encoders that the engine knows, and whether they are here."""
        rows = [surrogate_words(row) for row in self.studio.catalogue.of("surrogates")]
        self.models.setText("\n".join([t("surrogates_label"), *rows]) if rows else "")
        self.models.setVisible(bool(rows))

    def draw_device(self) -> None:
        """Shown only where there is a choice; disabled while a job would be lost by it."""
        wanted = read_text("device")
        kind = self.studio.engine.condition.hello.device.kind
        self._card = self._card or kind != "cpu"
        self.device_row.setVisible(self._card or bool(wanted))
        self.device.setCurrentIndex(DEVICES.index(wanted) if wanted in DEVICES else 0)
        self.device.setEnabled(not self.studio.jobs.running)

    def _install(self) -> None:
        self._sure = False
        self.studio.engine.stop()
        wanted = self.builds.currentData()
        build = next(build for build in builds_for() if build.name == wanted)
        self.studio.complain("")
        self.studio.installer.install(build)

    def _remove(self) -> None:
        """The first click has the button ask, the second one removes the engine."""
        self._sure = not self._sure
        if not self._sure:
            self.studio.engine.stop()
            remove_engine()
            self.studio.start_engine()
        self.draw()

    def _python_named(self) -> None:
        path = self.python.text().strip()
        if path != read_text("python"):
            write_text("python", path)
            self.studio.start_engine()


def surrogate_words(row: Row) -> str:
    models = entry_says("surrogates", row.name)
    if row.missing is not None:
        return t("surrogate_missing", models=models, why=row.missing)
    return t("surrogate_here" if row.present else "surrogate_absent", models=models)


def build_words(name: str) -> str:
    """What a build is called; its bare name where a later version made it."""
    code = f"build_{name}"
    return t(code) if has_words(code) else name


def size_words(build: Build) -> str:
    """How large a build is: as the index told, or an estimate."""
    amounts = {"download": rounded_size(build.download), "disk": rounded_size(build.disk)}
    key = "build_sizes" if build.asked else "build_sizes_about"
    return t(key, asked=build.asked, **amounts)
