"""The engine as a child process: found, started, greeted, listened to, and started again.

The engine ends when its stdin closes, and so whenever Krita ends, however that happens. Nothing
here blocks; everything is a signal of Qt.
"""

from __future__ import annotations

import os
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Literal

from ..qt import QtCore, Signal
from ..words.engine_words import learn_words
from ..words.gaps import Message
from .answers import Hello
from .environment import clean_environment
from .frames import PROTOCOL, Frame, NotAFrame, Unpacker, pack
from .reading import read

LINES = 200  # of the engine's stderr that a bug report gets
GRACE = 2000  # milliseconds for an engine to end by itself
SLOW = 60_000  # milliseconds after which the artist is told that starting takes long
BEAT, MISSED = 5_000, 4  # milliseconds between heartbeats; how many without answer mean it hangs
TRIES, WINDOW = 3, 60.0  # ends within so many seconds after which it is not started again


@dataclass(frozen=True)
class Condition:
    """How the engine is. `stopped`: on somebody's word; `silent`: it runs and does not answer.
    `says`: why it is broken, or that starting takes long."""

    name: Literal["absent", "starting", "ready", "silent", "stopped", "broken"] = "absent"
    says: Message | None = None
    hello: Hello = field(default_factory=Hello, compare=False)


class Engine(QtCore.QObject):
    """The process and what is known about it."""

    changed = Signal()
    frame = Signal(dict, bytes)
    lost = Signal()  # a running engine is gone; `condition` already says what comes next

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.condition = Condition()
        self.command: tuple[str, ...] = ()
        self._device = ""
        self._process: QtCore.QProcess | None = None
        self._unpacker = Unpacker()
        self._arrived: deque[Frame] = deque()
        self._errors: deque[str] = deque(maxlen=LINES)
        self._starts: deque[float] = deque(maxlen=TRIES)
        self._wanted = False
        self._slow = QtCore.QTimer(self)
        self._slow.setSingleShot(True)
        self._slow.setInterval(SLOW)
        self._slow.timeout.connect(lambda: self._say(Condition("starting", Message("engine_slow"))))

        self._unheard = 0  # heartbeats since it was heard last
        self._beats = 0
        self._heart = QtCore.QTimer(self)
        self._heart.setInterval(BEAT)
        self._heart.timeout.connect(self._beat)

    def start(self, command: tuple[str, ...], device: str = "") -> None:
        """Runs the interpreter named first, with the rest as its arguments; never a shell.

        device  "cpu" where the artist wants no graphics card to compute; "" leaves it to the engine
        """
        self.stop()
        self.command, self._device, self._wanted = command, device, True
        if not command:
            self._say(Condition("absent"))
            return
        self._unpacker = Unpacker()
        process = QtCore.QProcess(self)
        process.setProcessEnvironment(clean_environment(self._device))
        process.setWorkingDirectory(os.path.expanduser("~"))
        process.readyReadStandardOutput.connect(self._read)
        process.readyReadStandardError.connect(self._read_errors)
        process.finished.connect(self._finished)
        process.errorOccurred.connect(self._failed)
        self._process = process
        self._say(Condition("starting"))
        process.start(command[0], list(command[1:]))

    def stop(self) -> None:
        """Ends the engine; what it was asked for is lost."""
        if self._process is not None:
            self.close()
            self._say(Condition("stopped"))
            self.lost.emit()

    def close(self) -> None:
        """Closes the engine's stdin, which ends it; kills it after two seconds. Emits no signal:
        Krita may be closing."""
        self._slow.stop()
        self._heart.stop()
        self._arrived.clear()
        process, self._process, self._wanted = self._process, None, False
        if process is None:
            return
        process.blockSignals(True)
        process.closeWriteChannel()
        running = process.state() != QtCore.QProcess.ProcessState.NotRunning
        hangs = self.condition.name == "silent"
        if running and (hangs or not process.waitForFinished(GRACE)):
            process.kill()
            process.waitForFinished(500)
        process.deleteLater()

    def send(self, body: dict[str, Any], blob: bytes = b"") -> bool:
        """Sends a frame; False where there is no process to send it to."""
        if self._process is None:
            return False
        self._process.write(pack(body, blob))
        return True

    def waiting(self) -> int:
        """Bytes that the operating system has not taken yet."""
        return 0 if self._process is None else self._process.bytesToWrite()

    @property
    def process_id(self) -> int:
        return 0 if self._process is None else int(self._process.processId())

    def log(self) -> str:
        return "".join(self._errors)

    def _read(self) -> None:
        """Handles frames in the order in which they came, even when called within itself: a frame
        may have Krita open or convert a document, and Krita handles events meanwhile."""
        if self._process is None:
            return
        self._heard()
        try:
            messages = self._unpacker.feed(self._process.readAllStandardOutput().data())
        except NotAFrame as error:
            self.stray(str(error.args[0]))
            return
        self._arrived.extend(messages)
        while self._arrived:
            body, blob = self._arrived.popleft()
            if "hello" in body:
                self._greeted(body["hello"])
            elif "failed" in body:
                self._break(Message("engine_failed"))
            else:
                self.frame.emit(body, blob)

    def stray(self, came: str) -> None:
        """Stops the engine because something that is no answer arrived; a bug report tells what."""
        self._errors.append(f"{came}\n")
        self._break(Message("engine_stray"))

    def _beat(self) -> None:
        """Asks for something that the engine answers at once, from the thread that listens: opens a
        call that waits for a blob, and cancels it."""
        self._unheard += 1
        if self._unheard > MISSED and self.condition.name == "ready":
            self._say(Condition("silent", hello=self.condition.hello))
        self._beats -= 1
        call = {"id": self._beats, "method": "", "blobs": {"": 1}}
        for body in (call, {"id": self._beats, "cancel": True}):
            self.send(body)

    def _heard(self) -> None:
        self._unheard = 0
        if self.condition.name == "silent":
            self._say(Condition("ready", hello=self.condition.hello))

    def _greeted(self, sent: dict[str, Any]) -> None:
        """Reads the hello, unless it is of another protocol: its fields may mean something else."""
        if sent.get("protocol") != PROTOCOL:
            self._break(Message("engine_protocol"))
            return
        hello = read(Hello, sent)
        learn_words(hello.words)
        self._unheard = 0
        self._heart.start()
        self._say(Condition("ready", hello=hello))

    def _read_errors(self) -> None:
        if self._process is not None:
            text = self._process.readAllStandardError().data().decode(errors="replace")
            self._errors.extend(text.splitlines(keepends=True))

    def _failed(self, error: QtCore.QProcess.ProcessError) -> None:
        if error == QtCore.QProcess.ProcessError.FailedToStart:
            self._break(Message("engine_not_started"))

    def _finished(self, code: int, status: QtCore.QProcess.ExitStatus) -> None:
        """Tells that the engine ended unasked, and starts it again unless it keeps dying."""
        self._read_errors()
        was_ready = self.condition.name in ("ready", "silent")
        process, self._process = self._process, None
        self._heart.stop()
        if process is not None:
            process.deleteLater()
        if not self._wanted:
            return
        now = time.monotonic()
        self._starts.append(now)
        often = len(self._starts) == TRIES and now - self._starts[0] < WINDOW
        if not was_ready or often:
            says = Message("engine_keeps_dying" if often else "engine_no_hello")
            self._say(Condition("broken", says))
            self.lost.emit()
            return
        self._say(Condition("starting"))
        self.lost.emit()
        self.start(self.command, self._device)

    def _break(self, why: Message) -> None:
        self._read_errors()
        self.close()
        self._say(Condition("broken", why))
        self.lost.emit()

    def _say(self, condition: Condition) -> None:
        self.condition = condition
        if condition == Condition("starting"):
            self._slow.start()
        else:
            self._slow.stop()
        self.changed.emit()
