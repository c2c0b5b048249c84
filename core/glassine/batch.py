"""A folder in, a folder out, one intent; stopped at any moment, it goes on where it was.

One worker process does one picture after another. When it dies, that costs the picture it was at
one attempt, and a new one goes on.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, fields, is_dataclass, replace
from itertools import chain, count
from pathlib import Path
from time import monotonic

from . import files
from .errors import NotUsable, NotWritable
from .jobs import Job, Jobs
from .types import Intent, Progress
from .worker import Worker

ATTEMPTS = 2
_OURS = ".glassine."


@dataclass(frozen=True)
class State:
    """How far a batch is. `left` is in seconds, None until one picture is finished."""

    done: int
    failed: int
    skipped: int
    total: int
    name: str = ""
    now: Progress | None = None
    left: float | None = None
    says: str = ""  # a sentence about something that just happened


Told = Callable[[State], None]


def batch(
    folder: Path,
    out: Path,
    intent: Intent,
    told: Told,
    *,
    device: str = "auto",
    again: bool = False,
) -> State:
    """Protects every picture in `folder` and below into `out`, keeping the tree.

    All of them pull towards one style, drawn once from the first picture: a model averages over
    an artist's pictures, and so many directions would cancel out. `again`: also pictures that
    came out of Glassine before.
    """
    pictures = found(folder, out)
    make(out)
    with Jobs(out) as jobs:
        intent = shared(intent, pictures, jobs)
        run = Run(pictures, folder, out, intent, jobs, told, device=device, again=again)
        try:
            for path in pictures:
                run.one(path)
        finally:
            run.worker.stop()
        return run.state()


def found(folder: Path, out: Path) -> list[Path]:
    """Every picture below the folder, in order; nothing hidden, and nothing that we wrote."""
    from .formats import FORMATS

    suffixes = {suffix for entry in FORMATS.values() for suffix in entry.suffixes}
    if not folder.is_dir():
        raise NotUsable(f"There is no folder '{folder}'. Check its name.")
    if files.same(out, folder):
        raise NotUsable(f"'{out}' is the folder of the originals. Name another one with -o.")
    pictures = [
        path
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower() in suffixes
        and path.is_file()
        and _OURS not in path.name
        and not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and out not in path.parents
    ]
    if not pictures:
        raise NotUsable(f"There is no picture in '{folder}'. Glassine opens {', '.join(FORMATS)}.")
    return pictures


def make(out: Path) -> None:
    """The folder of the results, when the one that it lies in is there."""
    try:
        out.mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise NotUsable(
            f"The results were to go to '{out}', and there is no folder '{out.parent}' to make it "
            f"in. Make it first."
        ) from error
    except FileExistsError as error:
        raise NotUsable(
            f"The results were to go to the folder '{out}', which is a file. Choose another."
        ) from error
    except OSError as error:
        raise NotWritable(
            f"The results were to go to the folder '{out}': {files.why(out, error)}"
        ) from error


def shared(intent: Intent, pictures: list[Path], jobs: Jobs) -> Intent:
    """The intent with its style settled once for all, also over later runs."""
    from .recipes import RECIPES

    recipe = RECIPES.get(intent.recipe)
    open_ = intent.style is None and intent.style_picture is None and intent.target is None
    if recipe is None or not open_ or "style" not in dict(recipe.goals):
        return intent
    style = jobs.remembered("style", lambda: drawn(pictures, intent.seed or 0))
    return replace(intent, style=style or None)


def drawn(pictures: list[Path], seed: int) -> str:
    """A style far enough from the first picture that can be read; "" where none can."""
    from torch import Generator

    from .read import read
    from .targets.style import chosen

    for path in pictures:
        try:
            return chosen(read(path).rgb, Generator().manual_seed(seed))
        except NotUsable:
            continue  # its turn comes, and then it is reported
    return ""


def fingerprint(value: object) -> str:
    """Of a request, whatever it holds: the same for the same request on any machine."""
    digest = hashlib.sha256()

    def add(part: object) -> None:
        if is_dataclass(part) and not isinstance(part, type):
            for field in fields(part):
                digest.update(field.name.encode())
                add(getattr(part, field.name))
        elif hasattr(part, "numpy"):
            digest.update(repr(part.shape).encode() + part.numpy().tobytes())  # type: ignore[attr-defined]
        else:
            digest.update(repr(part).encode())

    add(value)
    return digest.hexdigest()


class Run:
    """One batch on its way: the worker it holds, and what happened so far."""

    def __init__(
        self,
        pictures: list[Path],
        folder: Path,
        out: Path,
        intent: Intent,
        jobs: Jobs,
        told: Told,
        *,
        device: str,
        again: bool,
    ) -> None:
        from .encode import suffix_of

        self.pictures, self.folder, self.device, self.again = pictures, folder, device, again
        self.targets = targets(pictures, folder, out, suffix_of(intent.export))
        self.intent, self.settings, self.jobs, self.told = intent, fingerprint(intent), jobs, told
        self.worker = Worker()
        self.done = self.failed = self.skipped = 0
        self.spent, self.pixels = 0.0, 0
        self.sizes = {path: size(path) for path in pictures}

    def one(self, path: Path) -> None:
        """One picture, whose troubles are told and end nothing."""
        target, began = self.targets[path], monotonic()
        try:
            job = Job(sha256=digest(path), settings=self.settings, name=self.name(path))
            if self.jobs.finished(job) and target.is_file():
                self.skipped += 1
                return self.told(self.state(path))
            target.parent.mkdir(parents=True, exist_ok=True)
            problem = self.attempts(path, target, self.intent_for(job))
            self.jobs.write(job, str(target), problem)
        except (OSError, UnicodeError) as error:
            problem = (
                f"It was to be protected into the folder '{target.parent}', but the file or that "
                f"folder could not be used ({error}). Check both, or leave the picture out."
            )
        if problem:
            self.failed += 1
            return self.told(self.state(path, says=self.about(path, problem)))
        self.done += 1
        self.spent, self.pixels = self.spent + monotonic() - began, self.pixels + self.sizes[path]
        return self.told(self.state(path, says=f"{self.name(path)} -> {target}"))

    def attempts(self, path: Path, target: Path, intent: Intent) -> str:
        """ "" when it worked, else the sentence that says why not."""
        for attempt in range(ATTEMPTS):
            try:
                return self.worker.do(
                    (path, target, intent, self.device, self.again),
                    lambda now: self.told(self.state(path, now)),
                )
            except EOFError:
                says = f"{self.name(path)}: the worker died in attempt {attempt + 1} of {ATTEMPTS}"
                self.told(self.state(path, says=says))
        return (
            f"The worker died {ATTEMPTS} times at this picture. Is it too large for this machine? "
            f"Try a smaller copy, or: glassine protect {path}"
        )

    def about(self, path: Path, problem: str) -> str:
        """The sentence, with the picture's place in front unless it says that itself."""
        return problem if self.name(path) in problem else f"{self.name(path)}: {problem}"

    def intent_for(self, job: Job) -> Intent:
        """With a seed that only depends on the picture, so that a repeat gives the same pixels."""
        if self.intent.seed is not None:
            return self.intent
        return replace(self.intent, seed=int(job.sha256[:7], 16))

    def name(self, path: Path) -> str:
        return path.relative_to(self.folder).as_posix()

    def state(self, path: Path | None = None, now: Progress | None = None, says: str = "") -> State:
        ended = self.done + self.failed + self.skipped
        left = None
        if self.pixels:
            rest = sum(self.sizes[other] for other in self.pictures[ended:])
            share = now.done / now.total if now and now.stage == "optimise" and now.total else 0
            here = self.sizes[path] * share if path else 0
            left = max(rest - here, 0) * self.spent / self.pixels
        return State(
            self.done,
            self.failed,
            self.skipped,
            len(self.pictures),
            self.name(path) if path else "",
            now,
            left,
            says,
        )


def targets(pictures: list[Path], folder: Path, out: Path, suffix: str) -> dict[Path, Path]:
    """Where each protected copy goes. No two share a name, also where case does not count:
    a.png and A.jpg in one folder keep their suffixes, and what still collides is counted."""
    stems = Counter(str(path.with_suffix("")).casefold() for path in pictures)
    made: dict[Path, Path] = {}
    taken = set[str]()
    for path in pictures:
        twin = stems[str(path.with_suffix("")).casefold()] > 1
        place, stem = out / path.relative_to(folder).parent, path.name if twin else path.stem
        names = chain((stem,), (f"{stem}.{number}" for number in count(2)))
        end = f"{_OURS.rstrip('.')}{suffix}"
        made[path] = files.free((place / f"{name}{end}" for name in names), taken)
    return made


def size(path: Path) -> int:
    """Pixels, from the header where libvips knows the format; else a guess from the bytes."""
    from .formats.vips import pixels

    try:
        return pixels(path) or path.stat().st_size
    except OSError:  # its turn comes, and then it is reported
        return 0


def digest(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
