"""Jobs: one picture each, in a folder of its own that is gone after its time."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Lock
from time import monotonic
from typing import Any, Literal

from ..flow.encode import suffix_of
from ..messages import Message, message
from ..types import Intent, Progress
from . import sweep
from .limits import Limits, Refused

State = Literal["waiting", "working", "done", "failed", "deleted"]
RUNNING: tuple[State, ...] = ("waiting", "working")


@dataclass(frozen=True)
class Standing:
    """How far a job is, as one value that is replaced as a whole.

    problem  why it failed
    weak     why the copy that was written is not protected
    told     the report's own data, once it is there
    """

    state: State = "waiting"
    now: Progress | None = None
    problem: Message | None = None
    weak: Message | None = None
    told: dict[str, Any] = field(default_factory=dict)


@dataclass
class Job:
    """One picture on its way.

    owner   who may ask for it: a key's number, or "" for whoever knows its id
    caller  whose allowance it counts against
    """

    id: str
    owner: str
    caller: str
    folder: Path
    intent: Intent
    pixels: int = 0
    standing: Standing = Standing()
    born: float = field(default_factory=monotonic)

    @property
    def source(self) -> Path:
        """No suffix: the engine knows a picture by its contents."""
        return self.folder / "original"

    @property
    def copy(self) -> Path:
        return self.folder / f"copy{suffix_of(self.intent.export)}"

    @property
    def page(self) -> Path:
        return self.folder / "copy.html"

    def change(self, **parts: Any) -> None:  # noqa: ANN401 - fields of a standing
        """Replaces parts of the standing; a deleted job stays deleted."""
        if self.standing.state != "deleted":
            self.standing = replace(self.standing, **parts)


class Jobs:
    """All jobs that there are, and the folder that theirs lie in."""

    def __init__(self, root: Path, limits: Limits) -> None:
        self.root, self.limits = root, limits
        self._all: dict[str, Job] = {}
        self._lock = Lock()

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._all.values()))

    def count(self, state: State) -> int:
        return sum(job.standing.state == state for job in self)

    def place(self, owner: str, caller: str, intent: Intent) -> Job:
        """A new job with its folder, whose name nobody can guess; it is not in the queue yet."""
        with self._lock:
            self.refuse_full(caller)
            name = secrets.token_urlsafe(16)
            job = Job(name, owner, caller, sweep.job_folder(self.root, name), intent)
            self._all[name] = job
        return job

    def refuse_full(self, caller: str) -> None:
        """Raises where there is no room for one more of that caller."""
        running = [job for job in self if job.standing.state in RUNNING]
        if sum(job.caller == caller for job in running) >= self.limits.each:
            raise Refused(429, message("serve.too_many", number=self.limits.each), 30)
        if sum(job.standing.state == "waiting" for job in running) >= self.limits.waiting:
            raise Refused(503, message("serve.full"), 60)

    def find(self, name: str, owner: str) -> Job:
        """That job; whoever has no right to it is told the same as where there is none."""
        job = self._all.get(name)
        if job is None or job.owner != owner:
            raise Refused(404, message("serve.no_job"))
        return job

    def delete(self, job: Job) -> None:
        """Deletes its files and whatever is known of it; a worker that is at it stops soon."""
        job.change(state="deleted", told={})
        self._all.pop(job.id, None)
        shutil.rmtree(job.folder, ignore_errors=True)

    def delete_old(self) -> None:
        for job in self:
            if monotonic() - job.born >= self.limits.keep:
                self.delete(job)

    def ahead(self, job: Job) -> int:
        """How many jobs wait before it."""
        before = [one for one in self if one.standing.state == "waiting" and one.born < job.born]
        return len(before) if job.standing.state == "waiting" else 0
