"""A folder in, a folder out, one intent; stopped at any moment, a second call resumes it.

One worker process protects one picture after another. When it dies, its picture loses one attempt,
and a new worker continues.
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
from .jobs import Job, Jobs, picture_seed, request_digest
from .worker import Outcome, Task, Worker

if TYPE_CHECKING:
    from .cluster import Cluster
    from .far import Sender

ATTEMPTS = 2
_FULL = "disk is full"  # words of SQLite's own error


@dataclass(frozen=True)
class BatchState:
    """How far a batch is.

    name     the picture that this state is about
    now      progress inside that picture
    left     seconds; None until one picture is finished
    written  the picture's copy, where it was just written: a file, or an address
    problem  what just went wrong with the picture
    weak     how many copies so far do no more than a plain blend
    why      why the copy just written is one of these
    passed   files that were no pictures to protect, with reasons; filled at the end
    stopped  why the rest was not tried: it would have failed in the same way
    ahead    memory and time of the work on all pictures together, told before it begins
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
    """What was asked for, once its pictures are known.

    again  protect pictures that came out of Glassine, too
    to     sends each copy in `out` to an address; None: copies stay in `out`
    """

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

    All of them pull towards one style, chosen once by the first picture: a model averages over
    an artist's pictures, and different directions would cancel out.

    out    a folder, or a Sender whose copies go to an address
    told   called with every change of the state
    again  protect pictures that came out of Glassine, too
    on     a cluster whose machines do the work instead of this one
    """
    out, to = (out, None) if isinstance(out, Path) else (out.here, out)
    found = surveyed(folder, out)
    make_folder(out)
    with Jobs(out) as jobs:
        intent = with_shared_style(intent, found.pictures, jobs)
        intent = with_whole_set(intent, found.pictures, out, device, told)
        run = Run(Batch(found.pictures, folder, out, intent, device, again, to), jobs, told)
        protect_all = one_by_one if on is None else on.spread
        with ending.at_end(run.worker.stop):
            try:
                protect_all(run)
            finally:
                run.worker.stop()
        return replace(run.state(), passed=found.passed, stopped=run.stopped)


def with_whole_set(
    intent: Intent, pictures: Sequence[Path], out: Path, device: str, told: Told
) -> Intent:
    """The intent after its recipe's work on all pictures together, where it has any."""
    from .subject import with_subject

    def watch(now: Progress) -> None:
        ahead = now.said[0] if now.said else None
        told(BatchState(0, 0, 0, len(pictures), out.name, now, ahead=ahead))

    return with_subject(intent, pictures, out, device, watch)


def one_by_one(run: Run) -> None:
    """Protects every picture on this machine, with one worker."""
    for path in run.batch.pictures:
        if run.stopped is None:
            run.one(path)


def with_shared_style(intent: Intent, pictures: Sequence[Path], jobs: Jobs) -> Intent:
    """The intent with one style for all pictures, which later runs keep; unchanged where the recipe
    has no style, or a style or target was asked for."""
    from ..flow.recipes import MODEL_RECIPES, RECIPES

    recipe = (RECIPES | MODEL_RECIPES).get(intent.recipe)
    unsaid = intent.style is None and intent.style_picture is None and intent.target is None
    if recipe is None or not unsaid or "style" not in dict(recipe.goals):
        return intent
    style = jobs.remembered("style", lambda: drawn_style(pictures, intent.seed or 0))
    return replace(intent, style=style or None)


def drawn_style(pictures: Sequence[Path], seed: int) -> str:
    """A style far enough from the first readable picture; "" where no picture can be read."""
    from torch import Generator

    from ..flow.read import read
    from ..targets.style import chosen

    for path in pictures:
        try:
            return chosen(read(path).rgb, Generator().manual_seed(seed))
        except NotUsable:
            continue  # reported when its turn comes
    return ""


def hopeless(problem: Message, out: Path) -> Message | None:
    """Why no other copy can be written either: the disk is full, or the folder or address takes
    nothing; None where another may succeed."""
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
    """One batch while it runs: its worker, and what has happened so far."""

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
        """Protects one picture; its problems are reported and do not stop the batch."""
        began = monotonic()
        if (job := self.begun(path)) is None:
            return
        try:
            outcome = self.attempts(path, job)
        except (OSError, UnicodeError) as error:
            outcome = self.unusable(path, error)
        self.ended(path, job, outcome, monotonic() - began)

    def begun(self, path: Path) -> Job | None:
        """Notes a picture's job and gives it; None where it is finished, or cannot begin.

        Both are reported.
        """
        target = self.targets[path]
        try:
            job = Job(sha256=file_digest(path), settings=self.settings, name=self.name(path))
            there = self.batch.to.has(target) if self.batch.to else target.is_file()
            if there and self.jobs.finished(job):
                self.skipped += 1
                self.told(self.state(path))
                return None
            self.refuse_far(target, job)
            if self.batch.to and self.sent_now(path, job):
                return None
            target.parent.mkdir(parents=True, exist_ok=True)
            self.jobs.begin(job, target)
        except NotWritable as error:
            self.say(path, Outcome(error.message), 0.0)
            return None
        except (OSError, UnicodeError) as error:
            self.say(path, self.unusable(path, error), 0.0)
            return None
        return job

    def sent_now(self, path: Path, job: Job) -> bool:
        """Sends the copy that an earlier run made and could not send; False where there is none.

        Whether it was weak is not known any more: that run has said so.
        """
        target = self.targets[path]
        if self.jobs.unsent(job, target) and target.is_file():
            self.ended(path, job, Outcome(), 0.0)
            return True
        target.unlink(missing_ok=True)  # of other settings; nobody is to take it for this one
        return False

    def refuse_far(self, target: Path, job: Job) -> None:
        """Raises NotWritable where the address has a copy that this batch did not put there."""
        to, again = self.batch.to, self.batch.again
        if to and to.has(target) and not again and not self.jobs.wrote(job, target):
            raise NotWritable("deliver.earlier_copy", path=to.address(target))

    def ended(self, path: Path, job: Job, outcome: Outcome, seconds: float) -> None:
        """Sends the copy where it goes to an address, then notes and reports the outcome.

        `seconds`: what this picture took of the run, for the estimate of what is left.
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
        """The outcome where the picture, or the folder of its copy, could not be used."""
        folder = self.targets[path].parent
        return Outcome(message("batch.not_used", folder=folder, reason=reason_of(error)))

    def task(self, path: Path, job: Job) -> Task:
        """What a worker is to do. A copy that this batch wrote is replaced where settings or the
        picture changed."""
        target, batch = self.targets[path], self.batch
        renew = self.jobs.wrote(job, target)
        return Task(path, target, self.intent_for(job), batch.device, batch.again, renew)

    def attempts(self, path: Path, job: Job) -> Outcome:
        """The outcome after at most ATTEMPTS tries; a worker that dies costs one, and is told."""
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
        """The intent, with the picture's own seed where none was asked for."""
        if self.batch.intent.seed is not None:
            return self.batch.intent
        return replace(self.batch.intent, seed=picture_seed(job.sha256))

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
