"""A folder in, a folder out, one intent; stopped at any moment, it goes on where it was.

One worker process does one picture after another. When it dies, that costs the picture it was at
one attempt, and a new one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING

from ..errors import NotUsable, NotWritable, reason_of
from ..machine import ending, files
from ..machine.tree import Passed
from ..messages import Message, message
from ..types import Intent, Progress
from .folder import copies_of_tree, file_digest, make_folder, picture_size, surveyed
from .jobs import Job, Jobs, request_digest
from .worker import Outcome, Task, Worker

if TYPE_CHECKING:
    from .cluster import Cluster
    from .far import Sender

ATTEMPTS = 2
_FULL = "disk is full"  # as SQLite says it


@dataclass(frozen=True)
class BatchState:
    """How far a batch is.

    name     of the picture that this is about
    left     in seconds; None until one picture is finished
    written  its copy, where that was just written: a file, or an address
    problem  what just went wrong with it
    weak     how many copies do no more than a plain blend
    why      the one just written is such a copy
    passed   what of the folder was no picture to protect; known at the end
    stopped  why the rest was not tried: it would have gone wrong in the same way
    ahead    what the work on all pictures together will take, before it begins
    """

    done: int
    failed: int
    skipped: int
    total: int
    name: str = ""
    now: Progress | None = None
    left: float | None = None
    written: Path | str | None = None
    problem: Message | None = None
    weak: int = 0
    why: Message | None = None
    passed: tuple[Passed, ...] = ()
    stopped: Message | None = None
    ahead: Message | None = None


Told = Callable[[BatchState], None]


@dataclass(frozen=True)
class Batch:
    """What was asked for, once its pictures are known."""

    pictures: tuple[Path, ...]
    folder: Path
    out: Path
    intent: Intent
    device: str
    again: bool
    to: Sender | None = None


def batch(
    folder: Path,
    out: Path | Sender,
    intent: Intent,
    told: Told,
    *,
    device: str = "auto",
    again: bool = False,
    on: Cluster | None = None,
) -> BatchState:
    """Protects every picture in `folder` and below into `out`, keeping the tree.

    All of them pull towards one style, drawn once from the first picture: a model averages over
    an artist's pictures, and so many directions would cancel out. `again`: also pictures that
    came out of Glassine before. `on`: a cluster whose machines do the work instead of this one.
    `out`: a folder, or what sends each copy from a folder of this machine to an address.
    """
    out, to = (out, None) if isinstance(out, Path) else (out.here, out)
    found = surveyed(folder, out)
    make_folder(out)
    with Jobs(out) as jobs:
        intent = with_shared_style(intent, found.pictures, jobs)
        intent = with_whole_set(intent, found.pictures, out, device, told)
        run = Run(Batch(found.pictures, folder, out, intent, device, again, to), jobs, told)
        every = one_by_one if on is None else on.spread
        with ending.at_end(run.worker.stop):
            try:
                every(run)
            finally:
                run.worker.stop()
        return replace(run.state(), passed=found.passed, stopped=run.stopped)


def with_whole_set(
    intent: Intent, pictures: Sequence[Path], out: Path, device: str, told: Told
) -> Intent:
    """The intent, after what its recipe does to all pictures together."""
    from .subject import with_subject

    def watch(now: Progress) -> None:
        ahead = now.said[0] if now.said else None
        told(BatchState(0, 0, 0, len(pictures), out.name, now, ahead=ahead))

    return with_subject(intent, pictures, out, device, watch)


def one_by_one(run: Run) -> None:
    """On this machine, by one worker."""
    for path in run.batch.pictures:
        if run.stopped is None:
            run.one(path)


def with_shared_style(intent: Intent, pictures: Sequence[Path], jobs: Jobs) -> Intent:
    """The intent with its style settled once for all, also over later runs."""
    from ..flow.recipes import MODEL_RECIPES, RECIPES

    recipe = (RECIPES | MODEL_RECIPES).get(intent.recipe)
    open_ = intent.style is None and intent.style_picture is None and intent.target is None
    if recipe is None or not open_ or "style" not in dict(recipe.goals):
        return intent
    style = jobs.remembered("style", lambda: drawn_style(pictures, intent.seed or 0))
    return replace(intent, style=style or None)


def drawn_style(pictures: Sequence[Path], seed: int) -> str:
    """A style far enough from the first picture that can be read; "" where none can."""
    from torch import Generator

    from ..flow.read import read
    from ..targets.style import chosen

    for path in pictures:
        try:
            return chosen(read(path).rgb, Generator().manual_seed(seed))
        except NotUsable:
            continue  # its turn comes, and then it is reported
    return ""


def hopeless(problem: Message, out: Path) -> Message | None:
    """Why no other picture can be written either: the disk is full, or the folder takes nothing."""
    if problem.code == "far.not_sent":
        return problem
    if any(one.code == "file.disk_full" or _FULL in str(one) for one in problem.with_inner()):
        return message("batch.disk_full", folder=out)
    try:
        files.check_writable(out / "glassine")
    except NotWritable as error:
        return message("batch.no_more", folder=out, reason=error.message)
    return None


class Run:
    """One batch on its way: the worker it holds, and what happened so far."""

    def __init__(self, batch: Batch, jobs: Jobs, told: Told) -> None:
        from ..flow.encode import suffix_of

        self.batch, self.jobs, self.told = batch, jobs, told
        suffix = suffix_of(batch.intent.export)
        self.targets = copies_of_tree(batch.pictures, batch.folder, batch.out, suffix)
        self.settings = request_digest(batch.intent)
        self.worker = Worker()
        self.done = self.failed = self.skipped = self.weak = 0
        self.stopped: Message | None = None
        self.spent, self.pixels = 0.0, 0
        self.sizes = {path: picture_size(path) for path in batch.pictures}

    def one(self, path: Path) -> None:
        """One picture, whose troubles are told and end nothing."""
        began = monotonic()
        if (job := self.begun(path)) is None:
            return
        try:
            outcome = self.attempts(path, job)
        except (OSError, UnicodeError) as error:
            outcome = self.unusable(path, error)
        self.ended(path, job, outcome, monotonic() - began)

    def begun(self, path: Path) -> Job | None:
        """The job, noted; None where it is finished already or cannot begin, which is told."""
        target = self.targets[path]
        try:
            job = Job(sha256=file_digest(path), settings=self.settings, name=self.name(path))
            there = self.batch.to.has(target) if self.batch.to else target.is_file()
            if there and self.jobs.finished(job):
                self.skipped += 1
                self.told(self.state(path))
                return None
            self.refuse_far(target, job)
            target.parent.mkdir(parents=True, exist_ok=True)
            self.jobs.begin(job, target)
        except NotWritable as error:
            self.say(path, Outcome(error.message), 0.0)
            return None
        except (OSError, UnicodeError) as error:
            self.say(path, self.unusable(path, error), 0.0)
            return None
        return job

    def refuse_far(self, target: Path, job: Job) -> None:
        """Raises where a copy lies at the address that this batch did not put there."""
        to, again = self.batch.to, self.batch.again
        if to and to.has(target) and not again and not self.jobs.wrote(job, target):
            raise NotWritable("deliver.earlier_copy", path=to.address(target))

    def ended(self, path: Path, job: Job, outcome: Outcome, seconds: float) -> None:
        """Sends it where it is wanted, then notes and tells how it went.

        `seconds` are those that this picture took of the run.
        """
        try:
            if self.batch.to and not outcome.problem:
                self.batch.to.send(self.targets[path])
        except NotWritable as error:
            outcome = Outcome(error.message)
        try:
            self.jobs.write(job, str(self.targets[path]), outcome.problem)
        except (OSError, UnicodeError) as error:
            outcome = self.unusable(path, error)
        self.say(path, outcome, seconds)

    def say(self, path: Path, outcome: Outcome, seconds: float) -> None:
        if outcome.problem:
            self.failed += 1
            self.stopped = hopeless(outcome.problem, self.batch.out)
            return self.told(replace(self.state(path), problem=outcome.problem))
        self.done += 1
        self.weak += outcome.weak is not None
        self.spent, self.pixels = self.spent + seconds, self.pixels + self.sizes[path]
        here, to = self.targets[path], self.batch.to
        written = to.address(here) if to else here
        return self.told(replace(self.state(path), written=written, why=outcome.weak))

    def unusable(self, path: Path, error: Exception) -> Outcome:
        """The picture or the folder of its copy could not be used."""
        folder = self.targets[path].parent
        return Outcome(message("batch.not_used", folder=folder, reason=reason_of(error)))

    def task(self, path: Path, job: Job) -> Task:
        """What a worker is to do. What this batch wrote itself is replaced where settings or the
        picture changed: the seed stays that of the picture."""
        target, batch = self.targets[path], self.batch
        renew = self.jobs.wrote(job, target)
        return Task(path, target, self.intent_for(job), batch.device, batch.again, renew)

    def attempts(self, path: Path, job: Job) -> Outcome:
        """How it went at last; a worker that dies is told, and costs one attempt."""
        task = self.task(path, job)
        for attempt in range(ATTEMPTS):
            try:
                return self.worker.do(task, lambda now: self.told(self.state(path, now)))
            except EOFError:
                self.died(path, attempt + 1)
        return Outcome(message("batch.given_up", attempts=ATTEMPTS, path=path))

    def died(self, path: Path, attempt: int) -> None:
        said = message("batch.worker_died", attempt=attempt, attempts=ATTEMPTS)
        self.told(replace(self.state(path), problem=said))

    def intent_for(self, job: Job) -> Intent:
        """With a seed that only depends on the picture, so that a repeat gives the same pixels."""
        if self.batch.intent.seed is not None:
            return self.batch.intent
        return replace(self.batch.intent, seed=int(job.sha256[:7], 16))

    def name(self, path: Path) -> str:
        return path.relative_to(self.batch.folder).as_posix()

    def state(self, path: Path | None = None, now: Progress | None = None) -> BatchState:
        ended = self.done + self.failed + self.skipped
        left = None
        if self.pixels:
            rest = sum(self.sizes[other] for other in self.batch.pictures[ended:])
            share = now.done / now.total if now and now.stage == "optimise" and now.total else 0
            here = self.sizes[path] * share if path else 0
            left = max(rest - here, 0) * self.spent / self.pixels
        return BatchState(
            self.done,
            self.failed,
            self.skipped,
            len(self.batch.pictures),
            self.name(path) if path else "",
            now,
            left,
            weak=self.weak,
        )
