"""The workers of the service: each a process that protects one picture after another.

Where a worker dies, its picture has used up one attempt and the next one gets a new worker. With
a cluster the processes run there, and everything else is the same.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread
from time import monotonic
from typing import Protocol

from ..batch.run import ATTEMPTS
from ..batch.worker import Outcome, Task
from ..errors import Cancelled, accident
from ..flow.pages import page_report
from ..machine import ending
from ..messages import message
from ..types import Progress, Watch
from .jobs import Job
from .metrics import Metrics


class Hand(Protocol):
    """A worker that protects pictures; `do` raises EOFError when it is lost."""

    def do(self, task: Task, watch: Watch) -> Outcome: ...

    def stop(self) -> None: ...


class Hands:
    """So many workers, which take jobs in the order in which they came."""

    def __init__(
        self, number: int, make: Callable[[], Hand], metrics: Metrics, device: str = "auto"
    ) -> None:
        self._queue: SimpleQueue[Job | None] = SimpleQueue()
        self._metrics, self._device = metrics, device
        self._hands = [make() for _ in range(number)]
        self._threads = [
            Thread(target=self._work, args=(hand,), daemon=True) for hand in self._hands
        ]
        for thread in self._threads:
            thread.start()

    def give(self, job: Job) -> None:
        self._queue.put(job)

    @property
    def alive(self) -> bool:
        return all(thread.is_alive() for thread in self._threads)

    def stop(self) -> None:
        """Ends all workers, also in the middle of a picture."""
        for _ in self._threads:
            self._queue.put(None)
        for hand in self._hands:
            hand.stop()

    def _work(self, hand: Hand) -> None:
        with ending.at_end(hand.stop):
            while (job := self._queue.get()) is not None:
                if job.standing.state == "waiting":
                    self._one(hand, job)

    def _one(self, hand: Hand, job: Job) -> None:
        """Does one job, whose failure ends nothing else."""
        began = monotonic()
        try:
            outcome = self._attempts(hand, job)
        except Cancelled:
            hand.stop()  # the worker is still at this picture
            shutil.rmtree(job.folder, ignore_errors=True)  # what the worker wrote meanwhile
            self._metrics.ended("deleted", monotonic() - began, 0)
            return
        except Exception as error:
            hand.stop()
            outcome = Outcome(accident(error))
        if outcome.problem:
            job.change(state="failed", problem=outcome.problem)
        else:
            job.change(state="done", weak=outcome.weak, told=page_report(job.page))
        self._metrics.ended(job.standing.state, monotonic() - began, job.pixels)

    def _attempts(self, hand: Hand, job: Job) -> Outcome:
        def watch(now: Progress) -> None:
            if job.standing.state == "deleted":
                raise Cancelled
            job.change(now=now)

        task = Task(job.source, job.copy, job.intent, self._device, again=False, renew=True)
        job.change(state="working")
        for _ in range(ATTEMPTS):
            try:
                return hand.do(task, watch)
            except EOFError:
                self._metrics.lost()
                if job.standing.state == "deleted":
                    raise Cancelled from None
        return Outcome(message("serve.given_up", attempts=ATTEMPTS))
