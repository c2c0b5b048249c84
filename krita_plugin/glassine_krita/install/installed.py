"""Finds, installs, updates and removes the engine. Downloads nothing unasked.

The engine lives in a folder of its own in Krita's user data, with a Python environment of its own:
nothing is added to the system, to Krita or to another plugin, and removing the folder removes it.
`state.json` says what is in it; until the last step is done it says that the engine is unfinished.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import sys
import threading
import uuid
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Any

from .. import VERSION
from ..canvas import layers
from ..engine.process import environment
from ..qt import QtCore, Signal
from . import pythons
from .builds import Build, torch_arguments

LINES = 60
CANCELLED = "cancelled"
REMOVED = "removed-"  # how the name of a folder begins that is being deleted
MARKS = "[xmp,c2pa]"  # libraries for the marks in files; without them the engine works all the same


def home() -> Path:
    """The engine's folder; outside the plugin's, which an import replaces."""
    app = layers.app()
    if hasattr(app, "getAppDataLocation"):
        base = app.getAppDataLocation()
    else:
        places = QtCore.QStandardPaths
        base = places.writableLocation(places.StandardLocation.AppDataLocation)
    return Path(base) / "glassine"


def state() -> dict[str, Any]:
    """{} without an engine; else version, build, and whether the installation was finished."""
    try:
        told = json.loads((home() / "state.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def python() -> Path:
    inside = ("Scripts", "python.exe") if sys.platform == "win32" else ("bin", "python")
    return home().joinpath("venv", *inside)


def command() -> tuple[str, ...]:
    """How to start the installed engine; () when there is none, or it is of another version."""
    told = state()
    if not told.get("finished") or told.get("version") != VERSION or not python().exists():
        return ()
    return (str(python()), "-I", "-u", "-m", "glassine.service")


def outdated() -> bool:
    told = state()
    return bool(told.get("finished")) and told.get("version") != VERSION


def remove() -> threading.Thread | None:
    """Deletes the engine's folder, if it is one: the state file is the proof. It is gone at once
    for everybody; freeing its gigabytes takes seconds, in which nobody could paint."""
    if not state():
        return None
    (home() / "state.json").unlink(missing_ok=True)
    with contextlib.suppress(OSError):  # nothing there, or Windows has a file of it open
        (home() / "venv").rename(home() / f"{REMOVED}{uuid.uuid4().hex}")
    return free(home() / "venv")


def free(*left: Path) -> threading.Thread:
    """Deletes these, and what an earlier Krita was closed over while it deleted it."""
    left += tuple(home().glob(REMOVED + "*"))
    freeing = threading.Thread(
        target=lambda: [shutil.rmtree(one, ignore_errors=True) for one in left]
    )
    freeing.start()
    return freeing


def wheel() -> str:
    """The engine comes with the plugin, so that the two always fit each other."""
    inside = sorted((Path(__file__).parents[1] / "wheels").glob("glassine-*.whl"))
    return str(inside[-1]) if inside else f"glassine=={VERSION}"


class Installer(QtCore.QObject):
    """Runs the steps one after the other, each a process; can be cancelled and taken up again."""

    changed = Signal()
    ended = Signal(str)  # "", CANCELLED, or what went wrong: a sentence, or a key of texts.py

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.step, self.steps, self.line = 0, 4, ""
        self.build: Build | None = None
        self._process: QtCore.QProcess | None = None
        self._lines: deque[str] = deque(maxlen=LINES)
        self._todo: list[list[str]] = []
        self._pythons: list[tuple[str, ...]] = []
        self._spared = 0  # the step that may fail

    @property
    def running(self) -> bool:
        return self._process is not None

    def install(self, build: Build) -> None:
        """What an earlier attempt got done is found again: the environment, pip's own cache."""
        if self.running:
            return
        self.build, self.step, self.line = build, 0, ""
        self._lines.clear()
        self._pythons = pythons.candidates()
        self._go_on(self._next_python)
        self.changed.emit()

    def cancel(self) -> None:
        process, self._process = self._process, None
        if process is not None:
            process.blockSignals(True)
            process.kill()
            process.waitForFinished(1000)
            self.changed.emit()
            self.ended.emit(CANCELLED)

    def log(self) -> str:
        return "\n".join(self._lines)

    def _note(self, finished: bool) -> None:
        assert self.build is not None
        told = {"version": VERSION, "build": self.build.name, "finished": finished}
        (home() / "state.json").write_text(json.dumps(told), encoding="utf-8")

    def _next_python(self) -> None:
        """Asks the Pythons one after the other; where none will do, uv makes the environment."""
        if self._pythons:
            self._run([*self._pythons.pop(0), "-I", "-c", pythons.PROBE], self._looked_at_python)
        elif program := pythons.uv():
            self._begin(pythons.made_by_uv(program, home() / "venv"))
        else:
            self._fail("no_python")

    def _looked_at_python(self, code: int, text: str) -> None:
        version, program = pythons.version(text) if code == 0 else ((), "")
        if version < pythons.OLDEST:
            self._next_python()
            return
        fresh = not python().exists()
        self._begin(pythons.made_by_python(program, home() / "venv", fresh=fresh))

    def _begin(self, environment: list[str]) -> None:
        """From here on the engine that was there may be half another one."""
        assert self.build is not None
        home().mkdir(parents=True, exist_ok=True)
        self._note(finished=False)
        pip = [str(python()), "-I", "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
        self._todo = [
            environment,
            [*pip, "--upgrade", "pip"],
            [*pip, *torch_arguments(self.build)],
            [*pip, wheel()],
        ]
        if wheel().endswith(".whl"):  # of the same version while the plugin is being developed
            self._todo.append([*pip, "--force-reinstall", "--no-deps", wheel()])
        self._todo.append([*pip, wheel() + MARKS])
        self._spared = len(self._todo)
        self._todo.append([str(python()), "-I", "-c", "import glassine.service.methods"])
        self.steps = len(self._todo)
        self._next_step(0, "")

    def _next_step(self, code: int, text: str) -> None:
        ended = self.steps - len(self._todo)
        if code != 0 and ended != self._spared:
            self._fail("install_failed")
            return
        if not self._todo:
            self._note(finished=True)
            self.step = self.steps
            self.changed.emit()
            self.ended.emit("")
            return
        self.step = self.steps - len(self._todo)
        self._run(self._todo.pop(0), self._next_step)

    def _run(self, words: list[str], then: Any) -> None:
        process = QtCore.QProcess(self)
        process.setProcessEnvironment(environment())
        process.setProcessChannelMode(QtCore.QProcess.ProcessChannelMode.MergedChannels)
        text: list[str] = []

        def read() -> None:
            part = bytes(process.readAll()).decode(errors="replace")
            text.append(part)
            for line in part.splitlines():
                if line.strip():
                    self._lines.append(line)
                    self.line = line.strip()
            self.changed.emit()

        def end(code: int) -> None:
            if self._process is not process:
                return
            read()
            self._process = None
            process.deleteLater()
            self._go_on(then, code, "".join(text))

        def failed(error: Any) -> None:
            if error == QtCore.QProcess.ProcessError.FailedToStart:
                end(127)

        process.readyRead.connect(read)
        process.finished.connect(lambda code, status: end(code if not status_bad(status) else 1))
        process.errorOccurred.connect(failed)
        self._process = process
        process.start(words[0], words[1:])

    def _go_on(self, then: Callable[..., None], *told: Any) -> None:
        """On a full disk nobody would hear that it is over."""
        try:
            then(*told)
        except OSError as error:
            self._fail(str(error))

    def _fail(self, why: str) -> None:
        self._process = None
        self.changed.emit()
        self.ended.emit(why)


def status_bad(status: Any) -> bool:
    return status == QtCore.QProcess.ExitStatus.CrashExit
