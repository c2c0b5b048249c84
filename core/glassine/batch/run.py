"""A folder in, a folder out, one intent; stopped at any moment, it goes on where it was.

One worker process does one picture after another. When it dies, that costs the picture it was at
one attempt, and a new one goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import monotonic

from ..errors import NotUsable, NotWritable, reason_of
from ..machine import ending, files
from ..machine.tree import Passed
from ..messages import Message, message
from ..types import Intent, Progress
from .folder import copies_of_tree, file_digest, make_folder, picture_size, surveyed
from .jobs import Job, Jobs, request_digest
from .worker import Outcome, Task, Worker

ATTEMPTS = 2
_FULL = "disk is full"  # as SQLite says it


@dataclass(frozen=True)
class BatchState:
    """How far a batch is.

    name     of the picture that this is about
    left     in seconds; None until one picture is finished
    written  its copy, where that was just written
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
    written: Path | None = None
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


def batch(
    folder: Path,
    out: Path,
    intent: Intent,
    told: Told,
    *,
    device: str = "auto",
    again: bool = False,
) -> BatchState:
    """Protects every picture in `folder` and below into `out`, keeping the tree.

    All of them pull towards one style, drawn once from the first picture: a model averages over
    an artist's pictures, and so many directions would cancel out. `again`: also pictures that
    came out of Glassine before.
    """
    found = surveyed(folder, out)
    make_folder(out)
    with Jobs(out) as jobs:
        intent = with_shared_style(intent, found.pictures, jobs)
        intent = with_whole_set(intent, found.pictures, out, device, told)
        run = Run(Batch(found.pictures, folder, out, intent, device, again), jobs, told)
        with ending.at_end(run.worker.stop):
            try:
                for path in found.pictures:
                    if run.stopped is None:
                        run.one(path)
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
        target, began = self.targets[path], monotonic()
        try:
            job = Job(sha256=file_digest(path), settings=self.settings, name=self.name(path))
            if self.jobs.finished(job) and target.is_file():
                self.skipped += 1
                return self.told(self.state(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            self.jobs.begin(job, target)
            outcome = self.attempts(path, target, job)
            self.jobs.write(job, str(target), outcome.problem)
        except (OSError, UnicodeError) as error:
            folder = target.parent
            outcome = Outcome(message("batch.not_used", folder=folder, reason=reason_of(error)))
        if outcome.problem:
            self.failed += 1
            self.stopped = hopeless(outcome.problem, self.batch.out)
            return self.told(replace(self.state(path), problem=outcome.problem))
        self.done += 1
        self.weak += outcome.weak is not None
        self.spent, self.pixels = self.spent + monotonic() - began, self.pixels + self.sizes[path]
        return self.told(replace(self.state(path), written=target, why=outcome.weak))

    def attempts(self, path: Path, target: Path, job: Job) -> Outcome:
        """How it went at last; a worker that dies is told, and costs one attempt.

        What this batch wrote itself is replaced where settings or the picture changed: the seed
        stays that of the picture.
        """
        intent, renew = self.intent_for(job), self.jobs.wrote(job, target)
        for attempt in range(ATTEMPTS):
            try:
                return self.worker.do(
                    Task(path, target, intent, self.batch.device, self.batch.again, renew),
                    lambda now: self.told(self.state(path, now)),
                )
            except EOFError:
                died = message("batch.worker_died", attempt=attempt + 1, attempts=ATTEMPTS)
                self.told(replace(self.state(path), problem=died))
        return Outcome(message("batch.given_up", attempts=ATTEMPTS, path=path))

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
