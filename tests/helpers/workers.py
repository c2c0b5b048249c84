"""What a batch's worker does in tests of its end: short of work, so that only a process starts.

In a file of its own, because the worker's process imports it anew.
"""

import os
import threading
import time

from glassine.batch import worker
from glassine.batch.worker import Outcome
from glassine.machine import files
from glassine.types import Progress
from waiting import PATIENCE


def on_a_slow_disk(pipe):
    """A worker that only writes, for longer than anybody waits."""
    os.fsync = lambda _: time.sleep(2 * PATIENCE)
    worker.delivered = lambda task, _: files.write(task.target, b"half")
    worker.work(pipe)


def held_at_a(pipe):
    """A worker that stays at "a.png" for ever after a step, and does any other picture at once."""
    worker.delivered = lambda task, watch: after_a_step(task, watch, task.source.name == "a.png")
    worker.work(pipe)


def held_once_at_a(pipe):
    """The same, but only the first worker stays."""

    def delivered(task, watch):
        seen = task.target.with_name("seen")
        held = task.source.name == "a.png" and not seen.exists()
        seen.touch()
        return after_a_step(task, watch, held)

    worker.delivered = delivered
    worker.work(pipe)


def after_a_step(task, watch, held):
    watch(Progress(1, 4, "optimise"))
    if held:
        threading.Event().wait()
    task.target.write_bytes(b"done")
    return Outcome()


def held_at_first(pipe):
    """A worker that stays for ever at a picture that is tried for the first time, after a step; at
    a second try it writes its own number as the copy."""

    def delivered(task, watch):
        seen = task.target.with_name("seen")
        first = not seen.exists()
        seen.touch()
        outcome = after_a_step(task, watch, first)
        task.target.write_text(str(os.getpid()))
        page = '<script type="application/json" id="report">{"glance": {}}</script>'
        task.target.with_suffix(".html").write_text(page)
        return outcome

    worker.delivered = delivered
    worker.work(pipe)
