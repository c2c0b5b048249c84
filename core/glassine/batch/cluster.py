"""A batch on a Ray cluster: its machines do the pictures, this one keeps the ledger and writes.

A task is one picture. Its bytes travel to a machine and its copy's bytes come back, so the machines
need nothing in common but this engine, and what lies under a copy's final name is whole. Ray
listens where it is told to and sends nothing elsewhere: its usage statistics and dashboard are off.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import Any, Literal

from .. import ledger
from ..errors import GlassineError, NotWritable, reason_of
from ..machine import ending, files, memory
from ..messages import message
from ..types import Progress
from .folder import picture_size
from .jobs import Job
from .quiet import ray_at
from .run import ATTEMPTS, Run
from .there import Made, followed_there, made_there
from .worker import Outcome, Task

LOST = 5  # times that a picture may be on a machine that fails; that is not its fault
_AHEAD = 2  # tasks for each processor that are handed to the cluster at once
_LOOK = 1.0  # seconds between two looks at whether what waits for a machine is still wanted


@dataclass(frozen=True)
class Flight:
    """A picture that is away. `died`: workers that it cost; `lost`: machines that failed."""

    path: Path
    job: Job
    task: Task
    died: int = 0
    lost: int = 0


class Cluster:
    """The connection to Ray, and what is away on its machines.

    With no address, one of this machine alone, which listens on loopback and ends with the batch.
    """

    def __init__(self, address: str = "", cards: float = 0.0) -> None:
        self._ray, self._cards = ray_at(address), cards
        self._work = self._ray.remote(max_retries=0, num_cpus=1)(made_there)
        told = self._ray.remote(max_retries=0, num_cpus=1, num_returns="streaming")
        self._followed = told(followed_there)

    def close(self) -> None:
        self._ray.shutdown()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def cores(self) -> int:
        """Of all its machines as they are now; they may come and go."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    @property
    def room(self) -> int:
        """Pictures that may be away at once."""
        return self.cores * _AHEAD

    def begun(self, task: Task) -> Any:  # noqa: ANN401 - Ray's generator
        """One picture on its way, of which `answers` tells."""
        work = self._followed.options(**self._asked(picture_size(task.source)))
        return work.remote(task.source.read_bytes(), task, task.target.suffix)

    def answers(self, begun: Any) -> Iterator[Progress | Made | Outcome | None]:  # noqa: ANN401
        """How far it is and what came of it at last; None, now and then, while nothing is told.

        Raises what `lost_by` knows.
        """
        while True:
            if not self._ray.wait([begun], timeout=_LOOK)[0]:
                yield None
                continue
            try:
                told = next(begun)
            except StopIteration:
                return
            yield self._ray.get(told)

    def end(self, begun: Any) -> None:  # noqa: ANN401
        """Ends it at once, whatever it is at; another one takes its worker's place."""
        with suppress(self._ray.exceptions.RayError, ValueError, TypeError):
            self._ray.cancel(begun, force=True)

    def lost_by(self, error: Exception) -> Literal["worker", "machine"] | None:
        """Who was lost where a picture came to nothing; None for any other reason.

        A machine that runs out of memory ends the task that came last, whoever took the memory.
        """
        errors = self._ray.exceptions
        if isinstance(error, errors.WorkerCrashedError):
            return "worker"
        gone = errors.NodeDiedError | errors.ObjectLostError | errors.RaySystemError
        return "machine" if isinstance(error, gone | errors.OutOfMemoryError) else None

    def _asked(self, pixels: int) -> dict[str, float]:
        """What a picture of so many needs of a machine, in bytes and in graphics cards."""
        return {"memory": memory.needed(pixels), "num_gpus": self._cards}

    def spread(self, run: Run) -> None:
        """Every picture of the run, each as a task; what was begun is ended before this ends."""
        waiting, away = deque(run.batch.pictures), dict[Any, Flight]()
        last = monotonic()
        with ending.at_end(self.close):
            while away or (waiting and run.stopped is None):
                while waiting and run.stopped is None and len(away) < self.room:
                    self._send(waiting.popleft(), run, away)
                if not away:
                    continue
                (ready,), _ = self._ray.wait(list(away), num_returns=1)
                flight = away.pop(ready)
                if (outcome := self._landed(ready, flight, run, away)) is not None:
                    run.ended(flight.path, flight.job, outcome, monotonic() - last)
                    last = monotonic()

    def _send(self, path: Path, run: Run, away: dict[Any, Flight]) -> None:
        if (job := run.begun(path)) is None:
            return
        try:
            flight = Flight(path, job, run.task(path, job))
            check_place(flight.task)
            away[self._launched(flight, run)] = flight
        except GlassineError as error:
            run.ended(path, job, Outcome(error.message), 0.0)
        except (OSError, UnicodeError) as error:
            run.ended(path, job, run.unusable(path, error), 0.0)

    def _launched(self, flight: Flight, run: Run) -> Any:  # noqa: ANN401 - Ray's reference
        work = self._work.options(**self._asked(run.sizes[flight.path]))
        return work.remote(flight.path.read_bytes(), flight.task, flight.task.target.suffix)

    def _landed(
        self,
        ready: Any,  # noqa: ANN401 - Ray's reference
        flight: Flight,
        run: Run,
        away: dict[Any, Flight],
    ) -> Outcome | None:
        """How it went; None where it was sent once more."""
        try:
            return landed(flight.task, self._ray.get(ready))
        except self._ray.exceptions.RayError as error:
            lost = self.lost_by(error)
            if lost is None:
                return Outcome(message("accident.failed", reason=reason_of(error)))
        if lost == "worker":
            flight = replace(flight, died=flight.died + 1)
            run.died(flight.path, flight.died)
        else:
            flight = replace(flight, lost=flight.lost + 1)
        if flight.died >= ATTEMPTS or flight.lost >= LOST:
            return Outcome(message("batch.given_up", attempts=ATTEMPTS, path=flight.path))
        away[self._launched(flight, run)] = flight
        return None


def landed(task: Task, found: Made | Outcome) -> Outcome:
    """How it went, with the copy at its place."""
    return found if isinstance(found, Outcome) else put_here(task, found)


def check_place(task: Task) -> None:
    """Raises what `deliver` would raise here, before the picture travels."""
    from ..flow.deliver import Again, place_of_receipt, places

    export, never = task.intent.export, (task.source,)
    sidecar = place_of_receipt(task.target, never) if export.sidecar else None
    again = Again(source=task.again, copy=task.again or task.renew)
    places(task.source, task.target, sidecar, never, again)


def put_here(task: Task, made: Made) -> Outcome:
    """The copy, its page and its receipt, each as a whole and in the order of `deliver`."""
    from ..flow import pages
    from ..flow.names import receipt_path

    page, room = pages.page_paths(task.target)
    never, export = (task.source,), task.intent.export
    try:
        files.write(task.target, made.copy, never=never)
        if made.entry:
            noted = ledger.record_export(replace(made.entry, id=0, chain="", created=""))
            if export.keep_path:
                ledger.keep_path(noted.sha256, task.target)
            if export.sidecar:
                files.write(receipt_path(task.target), noted.sidecar(), never=never)
        if room:
            files.write(room, page.read_bytes())
        files.write(page, made.page, never=never)
    except NotWritable as error:
        return Outcome(error.message)
    return Outcome(weak=made.weak)
