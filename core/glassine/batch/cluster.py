"""A batch on a Ray cluster: its machines do the pictures, this one keeps the ledger and writes.

A task is one picture. Its bytes travel to a machine and its copy's bytes come back, so the machines
need nothing in common but this engine, and what lies under a copy's final name is whole. Ray
listens where it is told to and sends nothing elsewhere: its usage statistics and dashboard are off.
"""

from __future__ import annotations

import os
from collections import deque
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import monotonic
from typing import Any

from .. import ledger
from ..errors import EntryMissing, GlassineError, NotUsable, NotWritable, reason_of
from ..ledger import Entry
from ..machine import ending, files, memory
from ..messages import Message, message
from .jobs import Job
from .run import ATTEMPTS, Run
from .worker import Outcome, Task, delivered

LOST = 5  # times that a picture may be on a machine that goes down; that is not its fault
_AHEAD = 2  # tasks for each processor that are handed to the cluster at once

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_USAGE_STATS_PROMPT_ENABLED": "0",
    "RAY_enable_metrics_collection": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}
"""What Ray looks at before it starts: it tells nobody of itself."""


@dataclass(frozen=True)
class Made:
    """What comes back from a machine: the copy and its page as bytes, and the receipt."""

    copy: bytes
    page: bytes
    entry: Entry | None
    weak: Message | None


@dataclass(frozen=True)
class Flight:
    """A picture that is away. `died`: workers that it cost; `lost`: machines that went down."""

    path: Path
    job: Job
    task: Task
    died: int = 0
    lost: int = 0


def made_there(data: bytes, task: Task, suffix: str) -> Made | Outcome:
    """On a machine of the cluster: one picture, in a folder that is gone afterwards."""
    with TemporaryDirectory(prefix="glassine-task-") as made:
        folder = Path(made)
        source, target = folder / "original", folder / f"copy{suffix}"
        os.environ["GLASSINE_LEDGER"] = str(folder / "ledger.sqlite3")
        source.write_bytes(data)
        export = replace(task.intent.export, keep_path=False, sidecar=False)
        here = replace(
            task, source=source, target=target, intent=replace(task.intent, export=export)
        )
        outcome = delivered(here, lambda _: None)
        if outcome.problem:
            return Outcome(called_here(outcome.problem, source, task.source))
        noted = ledger.entries(views=True)
        page = target.with_suffix(".html").read_bytes()
        return Made(target.read_bytes(), page, noted[-1] if noted else None, outcome.weak)


def called_here(said: Message, there: Path, here: Path) -> Message:
    """The same about the file as it is called here."""

    def again(value: Any) -> Any:  # noqa: ANN401 - fields of a message
        if isinstance(value, Message):
            return called_here(value, there, here)
        if isinstance(value, tuple):
            return tuple(again(one) for one in value)
        return str(here) if value == str(there) else here.name if value == there.name else value

    return Message(said.code, {name: again(value) for name, value in said.fields.items()})


class Cluster:
    """The connection to Ray, and what is away on its machines.

    With no address, one of this machine alone, which listens on loopback and ends with the batch.
    """

    def __init__(self, address: str = "", cards: float = 0.0) -> None:
        os.environ.update(QUIET)
        try:
            import ray
        except ImportError as error:
            raise EntryMissing("helper", "cluster", "ray") from error
        self._ray, self._cards = ray, cards
        alone: dict[str, Any] = {"include_dashboard": False, "_node_ip_address": "127.0.0.1"}
        try:
            ray.init(
                address=address or "local",
                log_to_driver=False,
                logging_level="ERROR",
                **({} if address else alone),
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            raise NotUsable(
                "cluster.no_answer", address=address, reason=reason_of(error)
            ) from error
        self._work = ray.remote(max_retries=0, num_cpus=1)(made_there)

    def close(self) -> None:
        self._ray.shutdown()

    def __enter__(self) -> Cluster:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def room(self) -> int:
        """Pictures that may be away at once; machines may come and go."""
        return max(1, int(self._ray.cluster_resources().get("CPU", 1))) * _AHEAD

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
        data = flight.path.read_bytes()
        need = memory.needed(run.sizes[flight.path])
        work = self._work.options(memory=need, num_gpus=self._cards)
        return work.remote(data, flight.task, flight.task.target.suffix)

    def _landed(
        self,
        ready: Any,  # noqa: ANN401 - Ray's reference
        flight: Flight,
        run: Run,
        away: dict[Any, Flight],
    ) -> Outcome | None:
        """How it went; None where it was sent once more."""
        errors = self._ray.exceptions
        try:
            found: Made | Outcome = self._ray.get(ready)
        except (errors.WorkerCrashedError, errors.OutOfMemoryError):
            flight = replace(flight, died=flight.died + 1)
            run.died(flight.path, flight.died)
        except (errors.NodeDiedError, errors.ObjectLostError, errors.RaySystemError):
            flight = replace(flight, lost=flight.lost + 1)
        except errors.RayError as error:
            return Outcome(message("accident.failed", reason=reason_of(error)))
        else:
            return found if isinstance(found, Outcome) else put_here(flight.task, found)
        if flight.died >= ATTEMPTS or flight.lost >= LOST:
            return Outcome(message("batch.given_up", attempts=ATTEMPTS, path=flight.path))
        away[self._launched(flight, run)] = flight
        return None


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
