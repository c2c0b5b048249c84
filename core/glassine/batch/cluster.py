"""A batch on a Ray cluster: its machines protect pictures, this one writes copies and ledger.

A task is one picture. Its bytes travel to a machine and the copy's bytes come back, so the machines
share no disk, only an installed engine, and a copy gets its final name only when it is complete.
Ray listens only where it is told to, and its usage statistics and dashboard are off.
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

LOST = 5  # machines that may fail under one picture; more than ATTEMPTS: it is not its fault
_AHEAD = 2  # tasks per core that are handed to the cluster at once
_LOOK = 1.0  # seconds without news after which `answers` gives its caller a chance to cancel


@dataclass(frozen=True)
class Flight:
    """A picture that is on the cluster. `died`: workers that ended under it; `lost`: machines."""

    path: Path
    job: Job
    task: Task
    died: int = 0
    lost: int = 0


class Cluster:
    """The connection to Ray, and the tasks that run there.

    address  "": a new cluster of this machine alone, on loopback, which ends with the connection
    cards    share of a graphics card that one picture takes
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
        """Cores of all machines that are connected now; machines may join and leave."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1)))

    @property
    def room(self) -> int:
        """Pictures that may be on the cluster at once."""
        return self.cores * _AHEAD

    def begun(self, task: Task) -> Any:  # noqa: ANN401 - Ray's generator
        """Starts one picture; `answers` and `end` take what this gives."""
        work = self._followed.options(**self._asked(picture_size(task.source)))
        return work.remote(task.source.read_bytes(), task, task.target.suffix)

    def answers(self, begun: Any) -> Iterator[Progress | Made | Outcome | None]:  # noqa: ANN401
        """Progress of a begun picture, then its result; None every `_LOOK` seconds without news.

        Raises Ray's errors; `lost_by` says what they mean.
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
        """Stops a begun picture at once, with its worker, which Ray replaces."""
        with suppress(self._ray.exceptions.RayError, ValueError, TypeError):
            self._ray.cancel(begun, force=True)

    def lost_by(self, error: Exception) -> Literal["worker", "machine"] | None:
        """Whether that error means that a worker or its machine was lost; None: another error.

        Out of memory counts as the machine's fault: Ray ends the newest task, whichever of them
        took the memory.
        """
        errors = self._ray.exceptions
        if isinstance(error, errors.WorkerCrashedError):
            return "worker"
        gone = errors.NodeDiedError | errors.ObjectLostError | errors.RaySystemError
        return "machine" if isinstance(error, gone | errors.OutOfMemoryError) else None

    def _asked(self, pixels: int) -> dict[str, float]:
        """What a picture of so many pixels needs of a machine: bytes and graphics cards."""
        return {"memory": memory.needed(pixels), "num_gpus": self._cards}

    def spread(self, run: Run) -> None:
        """Protects every picture of the run, each as a task; returns when all begun ones ended."""
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
        """The outcome of a task that came back; None where its picture was sent once more."""
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
            attempts = flight.died + flight.lost
            return Outcome(message("batch.given_up", attempts=attempts, path=flight.path))
        away[self._launched(flight, run)] = flight
        return None


def landed(task: Task, found: Made | Outcome) -> Outcome:
    """The outcome of a task; a copy that came back is written to its place."""
    return found if isinstance(found, Outcome) else put_here(task, found)


def check_place(task: Task) -> None:
    """Raises what `deliver` would raise about the copy's place, before the picture travels."""
    from ..flow.deliver import Again, place_of_receipt, places

    export, never = task.intent.export, (task.source,)
    sidecar = place_of_receipt(task.target, never) if export.sidecar else None
    again = Again(source=task.again, copy=task.again or task.renew)
    places(task.source, task.target, sidecar, never, again)


def put_here(task: Task, made: Made) -> Outcome:
    """Writes copy, receipt and page, each atomically and in the order of `deliver`."""
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
        if room:  # another picture's page lies where this one's goes
            files.write(room, page.read_bytes())
        files.write(page, made.page, never=never)
    except NotWritable as error:
        return Outcome(error.message)
    return Outcome(weak=made.weak)
