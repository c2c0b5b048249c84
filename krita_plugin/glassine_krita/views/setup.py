"""The engine: which build to install, how large it is, how far the installation is, removing it."""

from __future__ import annotations

from collections.abc import Callable

from .. import install, settings
from ..builds import Build, builds
from ..qt import Qt, QtWidgets
from ..state import Studio
from ..texts import figures, t
from .export import heading
from .parts import button, follow, guarded, quiet_label
from .what import row


class SetupPage(QtWidgets.QWidget):
    def __init__(self, studio: Studio, go: Callable[[str], None]) -> None:
        super().__init__()
        self.studio = studio
        self._sure = False  # the next click removes gigabytes
        column = QtWidgets.QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(6)
        column.addWidget(heading(t("setup")))
        self.state = quiet_label()
        self.state.setObjectName("glassine_setup_state")
        column.addWidget(self.state)
        column.addWidget(quiet_label(t("setup_explained")))
        column.addWidget(self._builds())
        self.sizes = quiet_label()
        column.addWidget(self.sizes)
        widget, line = row()
        self.go = button(t("install_engine"), "glassine_install", self._install)
        self.stop = button(t("cancel"), "glassine_install_cancel", studio.installer.cancel)
        self.remove = button(t("remove_engine"), "glassine_remove", self._remove)
        for made in (self.go, self.stop, self.remove):
            line.addWidget(made, 1)
        column.addWidget(widget)
        self.bar = QtWidgets.QProgressBar()
        self.bar.setFixedHeight(8)
        self.bar.setTextVisible(False)
        column.addWidget(self.bar)
        self.line = quiet_label()
        column.addWidget(self.line)
        column.addWidget(self._own())
        column.addWidget(button(t("back"), "glassine_setup_back", lambda: go("main")))
        column.addStretch(1)
        follow(self, self.draw, studio.engine_changed)
        follow(self, self.draw, studio.installer.changed)
        self.draw()

    def _builds(self) -> QtWidgets.QWidget:
        """The menu; what the chosen build takes is said below, where there is room for it."""
        self.builds = QtWidgets.QComboBox()
        self.builds.setObjectName("glassine_build")
        self.builds.setAccessibleName(t("build_label"))
        self.builds.setMinimumWidth(60)
        for at, build in enumerate(builds()):
            self.builds.addItem(build.says, build.name)
            self.builds.setItemData(at, sizes(build), Qt.ItemDataRole.ToolTipRole)
        self.builds.currentIndexChanged.connect(guarded(lambda at: self.draw()))
        return self.builds

    def _own(self) -> QtWidgets.QWidget:
        """For those who have an engine of their own."""
        widget, line = row()
        self.python = QtWidgets.QLineEdit(settings.word("python"))
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

    def shown(self) -> None:
        self._sure = False
        self.draw()

    def draw(self) -> None:
        installer, told = self.studio.installer, install.state()
        if install.outdated():
            words = t("setup_outdated", version=told.get("version", "?"))
        elif told.get("finished"):
            words = t("setup_installed", version=told["version"], build=told["build"])
        elif told:
            words = t("setup_unfinished")
        elif self.studio.engine.command:
            words = t("setup_own")
        else:
            words = t("setup_none")
        self.state.setText(words)
        self.go.setText(t("update_engine" if told.get("finished") else "install_engine"))
        self.go.setVisible(not installer.running)
        self.stop.setVisible(installer.running)
        self.remove.setText(t("remove_sure" if self._sure else "remove_engine"))
        self.remove.setVisible(bool(told) and not installer.running)
        self.builds.setEnabled(not installer.running)
        self.sizes.setText(self.builds.currentData(Qt.ItemDataRole.ToolTipRole) or "")
        self.bar.setVisible(installer.running)
        self.bar.setRange(0, installer.steps)
        self.bar.setValue(installer.step)
        self.line.setVisible(installer.running)
        self.line.setText(installer.line[:160])

    def _install(self) -> None:
        self._sure = False
        self.studio.engine.stop()
        wanted = self.builds.currentData()
        build = next(build for build in builds() if build.name == wanted)
        self.studio.complain("")
        self.studio.installer.install(build)

    def _remove(self) -> None:
        """Asks by the button itself, once; never a dialog."""
        self._sure = not self._sure
        if not self._sure:
            self.studio.engine.stop()
            install.remove()
            self.studio.start_engine()
        self.draw()

    def _python_named(self) -> None:
        path = self.python.text().strip()
        if path != settings.word("python"):
            settings.remember("python", path)
            self.studio.start_engine()


def sizes(build: Build) -> str:
    """Said before anything is downloaded: as the index told, or an estimate."""
    told = {"download": size(build.download), "disk": size(build.disk)}
    key = "build_sizes" if build.asked else "build_sizes_about"
    return t(key, asked=build.asked, **told)


def size(megabytes: int) -> str:
    return f"{megabytes} MB" if megabytes < 1000 else figures(f"{megabytes / 1000:.1f}") + " GB"
