"""Installs and updates the engine. Downloads nothing unasked."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ..engine.environment import clean_environment
from ..qt import QtCore, Signal
from ..words.causes import cause_of
from ..words.gaps import Message, message
from . import pythons
from .builds import Build, torch_arguments
from .installed import engine_folder, engine_python, engine_wheel, note_engine

LINES = 60
DONE, CANCELLED = Message(""), Message("cancelled")
MARKS = "[c2pa]"  # the library for signed marks; without it the engine works all the same
SPARED = "install_step_marks"  # the step that may fail
CRASHED = QtCore.QProcess.ExitStatus.CrashExit


class Installer(QtCore.QObject):
    """Runs the steps one after the other, each a process; can be cancelled and taken up again."""

    changed = Signal()
    ended = Signal(object)  # DONE, CANCELLED, or what went wrong

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.step, self.line = 0, ""
        self.build: Build | None = None
        self._process: QtCore.QProcess | None = None
        self._lines: deque[str] = deque(maxlen=LINES)
        self._todo: list[list[str]] = []
        self._pythons: list[tuple[str, ...]] = []

    @property
    def steps(self) -> int:
        """How many steps there are, those done included."""
        return len(steps_for(engine_wheel()))

    @property
    def doing(self) -> Message:
        """What the current step does, or the one that failed."""
        return Message(f"install_step_{steps_for(engine_wheel())[min(self.step, self.steps - 1)]}")

    @property
    def running(self) -> bool:
        return self._process is not None

    def install(self, build: Build) -> None:
        """Starts, using what an earlier attempt got done: the environment, pip's own cache."""
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
        note_engine(self.build.name, finished=finished)

    def _next_python(self) -> None:
        """Asks the Pythons one after the other; where none will do, uv makes the environment."""
        if self._pythons:
            self._run([*self._pythons.pop(0), "-I", "-c", pythons.PROBE], self._looked_at_python)
        elif program := pythons.find_uv():
            self._begin(pythons.uv_command(program, engine_folder() / "venv"))
        else:
            self._fail(Message("no_python"))

    def _looked_at_python(self, code: int, text: str) -> None:
        version, program = pythons.parse_probe(text) if code == 0 else ((), "")
        if version < pythons.OLDEST:
            self._next_python()
            return
        fresh = not engine_python().exists()
        self._begin(pythons.venv_command(program, engine_folder() / "venv", fresh=fresh))

    def _begin(self, environment: list[str]) -> None:
        """Starts with the environment; from here on an earlier engine counts as unfinished."""
        assert self.build is not None
        engine_folder().mkdir(parents=True, exist_ok=True)
        self._note(finished=False)
        python, wheel = [str(engine_python()), "-I"], engine_wheel()
        pip = [*python, "-m", "pip", "install", "--no-input", "--progress-bar", "off"]
        pip += ["--no-compile"]  # compiling is half of pip's time; one file in seven is ever loaded
        commands = {
            "environment": environment,
            "pip": [*pip, "--upgrade", "pip"],
            "torch": [*pip, *torch_arguments(self.build)],
            "engine": [*pip, wheel],
            "own": [*pip, "--force-reinstall", "--no-deps", wheel],
            "marks": [*pip, wheel + MARKS],
            "check": [*python, "-c", "import glassine.service.methods"],
        }
        self._todo = [commands[name] for name in steps_for(wheel) if name in commands]
        self._next_step(0, "")

    def _next_step(self, code: int, text: str) -> None:
        if code != 0 and self.doing.code != SPARED:
            self._fail(message("install_failed", what=self.doing, reason=last_words(text)))
            return
        if not self._todo:
            self._note(finished=True)
            self.step = self.steps
            self.changed.emit()
            self.ended.emit(DONE)
            return
        self.step = self.steps - len(self._todo)
        self._run(self._todo.pop(0), self._next_step)

    def _run(self, words: list[str], then: Callable[[int, str], None]) -> None:
        process = QtCore.QProcess(self)
        process.setProcessEnvironment(clean_environment())
        process.setProcessChannelMode(QtCore.QProcess.ProcessChannelMode.MergedChannels)
        text: list[str] = []

        def read() -> None:
            part = process.readAll().data().decode(errors="replace")
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

        def failed(error: QtCore.QProcess.ProcessError) -> None:
            if error == QtCore.QProcess.ProcessError.FailedToStart:
                end(127)

        process.readyRead.connect(read)
        process.finished.connect(lambda code, status: end(1 if status == CRASHED else code))
        process.errorOccurred.connect(failed)
        self._process = process
        process.start(words[0], words[1:])

    def _go_on(self, then: Callable[..., None], *found: Any) -> None:
        """Calls what comes next, and fails in words where the disk refuses, which may be full."""
        try:
            then(*found)
        except OSError as error:
            self._fail(message("disk", reason=cause_of(error)))

    def _fail(self, why: Message) -> None:
        self._process = None
        self.changed.emit()
        self.ended.emit(why)


def steps_for(wheel: str) -> tuple[str, ...]:
    """Names of the steps in their order. "own" installs a wheel on this disk again: while the
    plugin is developed, it differs from an installed one of the same version."""
    own = ("own",) if wheel.endswith(".whl") else ()
    return ("python", "environment", "pip", "torch", "engine", *own, "marks", "check")


def last_words(text: str) -> str:
    """The line in which a program says why it failed; pip's begins with ERROR."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.upper().startswith("ERROR")]
    return next(iter([*reversed(errors), *reversed(lines), "–"]))[:200]
