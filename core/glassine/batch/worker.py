"""A process that holds the networks and protects one picture after another.

When it dies (out of memory, a driver's crash), its picture loses one attempt.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path

from ..errors import GlassineError, accident
from ..machine import ending
from ..messages import Message
from ..types import Intent, Progress

_PATIENCE = 10.0  # seconds that it has to clear up before it is killed


@dataclass(frozen=True)
class Task:
    """One picture to protect; `device` as `deliver` takes it.

    again  protect it even if it came out of Glassine, and over whatever `target` is
    renew  replace an earlier copy at `target`
    """

    source: Path
    target: Path
    intent: Intent
    device: str
    again: bool
    renew: bool = False


@dataclass(frozen=True)
class Outcome:
    """How it went with one picture: its copy is written, or `problem` says why not.

    weak  why the copy that was written is not protected
    """

    problem: Message | None = None
    weak: Message | None = None


class Worker:
    """A process that loads the networks once and is replaced when it dies."""

    def __init__(self) -> None:
        self._process: BaseProcess | None = None
        self._pipe: Connection | None = None

    def do(self, task: Task, watch: Callable[[Progress], None]) -> Outcome:
        """Runs a task in the worker, which is started if need be; raises EOFError when it dies."""
        pipe = self._started()
        try:
            pipe.send_bytes(pickle.dumps(task))
            while isinstance(answer := pipe.recv(), Progress):
                watch(answer)
        except (EOFError, ConnectionError, OSError) as error:
            self.stop()
            raise EOFError from error
        assert isinstance(answer, Outcome), "a worker answers with progress and then with this"
        return answer

    def _started(self) -> Connection:
        if self._pipe is None:
            context = multiprocessing.get_context("spawn")  # a fork would share torch's threads
            ready_to_hold()
            with ending.held():
                self._pipe, other = context.Pipe()
                self._process = context.Process(target=work, args=(other,), daemon=True)
                self._process.start()
                other.close()
        return self._pipe

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def stop(self) -> None:
        """Ends the worker; one that is writing a file removes the half-written file first."""
        if self._pipe is not None:
            with suppress(OSError):
                self._pipe.close()
        if self._process is not None:
            self._process.terminate()
            self._process.join(_PATIENCE)
            self._process.kill()
            self._process.join()
        self._process = self._pipe = None


def ready_to_hold() -> None:
    """Starts multiprocessing's resource tracker early: starting it lets signals in again, which
    `ending.held` is there to keep out."""
    if os.name == "posix":
        from multiprocessing import resource_tracker

        resource_tracker.ensure_running()


def work(pipe: Connection) -> None:
    """What the worker runs; it ends when the pipe closes, also because the batch was killed."""
    for number in ending.SIGNALS:
        signal.signal(number, signal.SIG_IGN)  # Ctrl-C is the batch's to handle
    signal.signal(signal.SIGTERM, lambda number, _: ending.leave(0))
    ending.let_in()
    with suppress(EOFError, ConnectionError, OSError):
        while True:
            pipe.send(delivered(pickle.loads(pipe.recv_bytes()), pipe.send))


def delivered(task: Task, watch: Callable[[Progress], None]) -> Outcome:
    """Protects one picture; whatever goes wrong, but a closed pipe, becomes an outcome."""
    from ..evidence.verdict import below_control
    from ..flow.deliver import Again, deliver

    try:
        made = deliver(
            task.source,
            task.target,
            task.intent,
            device=task.device,
            again=Again(source=task.again, copy=task.again or task.renew),
            watch=watch,
        )
    except GlassineError as error:
        return Outcome(error.message)
    except ConnectionError:
        raise  # the batch is gone, and nobody to tell
    except Exception as error:
        return Outcome(accident(error))
    return Outcome(weak=below_control(made.report))
