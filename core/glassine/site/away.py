"""A worker of the service whose pictures are protected on a cluster."""

from __future__ import annotations

from typing import Any

from ..batch.cluster import LOST, Cluster, landed
from ..batch.worker import Outcome, Task
from ..types import Progress, Watch


class Away:
    """A worker that hands each picture to whatever machine of the cluster has room.

    Each picture is a task of its own, so a lost worker or machine leaves the others alone, and what
    is deleted while it is worked on is ended at once.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._begun: Any = None

    def do(self, task: Task, watch: Watch) -> Outcome:
        """How the task went; raises EOFError where a worker died, or `LOST` machines failed."""
        for _ in range(LOST):
            try:
                return self._once(task, watch)
            except Exception as error:
                lost = self._cluster.lost_by(error)
                if lost == "worker":
                    raise EOFError from error
                if lost is None:
                    raise
        raise EOFError

    def _once(self, task: Task, watch: Watch) -> Outcome:
        self._begun = self._cluster.begun(task)
        now = Progress(0, 1, "optimise")
        for told in self._cluster.answers(self._begun):
            if told is None or isinstance(told, Progress):
                now = told or now
                watch(now)
            else:
                self._begun = None  # so that Ray drops what it keeps of the picture
                return landed(task, told)
        raise EOFError  # the task ended without an outcome

    def stop(self) -> None:
        if self._begun is not None:
            self._cluster.end(self._begun)
        self._begun = None
