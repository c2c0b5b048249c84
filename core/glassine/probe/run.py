"""Runs a probe, picture by picture; it can be stopped at any moment and resumes there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from time import monotonic

import torch

from ..errors import NotUsable, NotWritable
from ..machine.files import why
from ..messages import Message, message
from ..plain import typed
from ..version import engine_version
from .asked import Asked, guided, sampled
from .canaries import Canary, canary_chance
from .questions import QUESTIONS, REFERENCE, Answer, Effort, calibrated, calibrated_looks
from .statistics import Test, least_p, permutation_test
from .works import Work, square

ROWS = ".glassine-probe.jsonl"

DOUBT = 0.05
"""Sets so small that p cannot be below this can show nothing."""


@dataclass(frozen=True)
class Order:
    """What a probe asks.

    identity  digest of the model's files
    words     caption for pictures without words of their own
    reference  digest of the files of a model that cannot have learnt the works; "": none
    research  whether the model is the one that ships, which learnt nobody's works
    """

    identity: str
    works: tuple[Work, ...]
    controls: tuple[Work, ...]
    canaries: tuple[Canary, ...]
    questions: tuple[str, ...]
    effort: Effort
    words: str
    reference: str = ""
    research: bool = False

    @property
    def asked(self) -> tuple[str, ...]:
        """Every question about a picture."""
        return (*self.questions, REFERENCE) if self.reference else self.questions

    def looks(self, question: str, guided_too: bool) -> int:
        """Passes through denoisers for one picture, as `Question.looks`."""
        if question == REFERENCE:
            return calibrated_looks(self.effort)
        return QUESTIONS[question].looks(self.effort, guided_too)


@dataclass(frozen=True)
class Asking:
    """How far a probe is.

    done, total  errands
    left         seconds; None: nothing was asked yet in this run
    """

    done: int
    total: int
    left: float | None


Told = Callable[[Asking], None]


@dataclass(frozen=True)
class CanaryFit:
    """The answer for one canary.

    fit  how well its motif is matched, -1 to 1
    p    the p-value of that
    """

    canary: Canary
    fit: float
    p: float


@dataclass(frozen=True)
class Outcome:
    """One question's answers about all pictures, in their order, and the test on them.

    test  None where there are no controls
    """

    question: str
    works: tuple[Answer, ...]
    controls: tuple[Answer, ...]
    test: Test | None


Answers = tuple[tuple[Outcome, ...], tuple[CanaryFit, ...]]


class Kept:
    """Answers kept in a file, one line each; a line that was truncated by a kill is ignored."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / ROWS
        self._known: dict[str, Answer] = {}
        text = self._file.read_text("utf-8", "replace") if self._file.exists() else ""
        for line in text.splitlines():
            try:
                row = json.loads(line)
                self._known[row["key"]] = typed(Answer, row["answer"])
            except (ValueError, KeyError, TypeError, NotUsable):
                continue
        self._torn = bool(text) and not text.endswith("\n")

    def __contains__(self, key: str) -> bool:
        return key in self._known

    def answer(self, key: str, ask: Callable[[], Answer]) -> Answer:
        """The answer that is kept under that key; else asks, and keeps it."""
        if key not in self._known:
            found = ask()
            line = json.dumps({"key": key, "answer": asdict(found)})
            try:
                with self._file.open("a", encoding="utf-8") as stream:
                    stream.write(("\n" if self._torn else "") + line + "\n")
                    stream.flush()
                    os.fsync(stream.fileno())
            except OSError as error:
                reason = why(self._file, error)
                raise NotWritable("file.not_written", path=self._file, reason=reason) from error
            self._torn = False
            self._known[key] = found
        return self._known[key]


@dataclass(frozen=True)
class Errand:
    """One thing to ask.

    key    under which its answer is kept
    looks  passes of one latent through the denoiser
    """

    key: str
    looks: int
    ask: Callable[[Asked], Answer]


def errands(order: Order, guided_too: bool, beside: Asked | None = None) -> Iterator[Errand]:
    """Everything that is asked, in order.

    beside  the reference model
    """
    effort = order.effort
    for name in order.asked:
        looks = order.looks(name, guided_too)
        for one in (*order.works, *order.controls):
            key = key_of(order, name, one.sha256, one.caption)
            if name != REFERENCE:
                yield Errand(key, looks, partial(answer_about, one, name, effort))
            elif beside is not None:
                yield Errand(key, looks, partial(answer_beside, one, beside, effort))
    looks = QUESTIONS["extraction"].looks(effort, guided_too)
    for canary in order.canaries:
        key = key_of(order, "canary", canary.key, canary.phrase)
        yield Errand(key, looks, partial(answer_to_canary, canary, effort))


def answer_about(work: Work, question: str, effort: Effort, model: Asked) -> Answer:
    picture = square(work.path, model.side)
    return QUESTIONS[question].ask(model, picture, work.caption, effort)


def answer_beside(work: Work, beside: Asked, effort: Effort, model: Asked) -> Answer:
    pictures = square(work.path, model.side), square(work.path, beside.side)
    return calibrated(model, beside, pictures, work.caption, effort)


def answer_to_canary(canary: Canary, effort: Effort, model: Asked) -> Answer:
    shown = sampled(model, canary.phrase, effort.samples, effort.seed, effort.steps)
    fit, p = canary_chance(canary, shown)
    return Answer(fit, {"p": p})


def key_of(order: Order, question: str, what: str, words: str) -> str:
    """The key of an answer: a digest of everything on which it depends."""
    told = [order.identity, question, what, words, asdict(order.effort), engine_version()]
    told += [order.reference] if question == REFERENCE else []
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


@torch.no_grad()
def seconds_a_look(model: Asked) -> float:
    """Seconds of one pass through the denoiser, measured on the second, when all is loaded."""
    latents = model.encode(torch.zeros(1, 3, model.side, model.side))
    for _ in range(2):
        began = monotonic()
        guided(model, latents, 0.5, "")
    return monotonic() - began


def beforehand(
    order: Order, model: Asked, folder: Path, beside: Asked | None = None
) -> tuple[Message, ...]:
    """Messages for before the start: how long it takes, and how many answers are there already."""
    kept, each = Kept(folder), seconds_a_look(model)
    every = list(errands(order, model.guided, beside))
    todo = [one for one in every if one.key not in kept]
    pictures = len(order.works) + len(order.controls)
    a_picture = each * sum(order.looks(name, model.guided) for name in order.asked)
    minutes = each * sum(one.looks for one in todo) / 60
    said = message("probe.takes", pictures=pictures, seconds=a_picture, minutes=minutes)
    if before := len(every) - len(todo):
        return said, message("probe.goes_on", done=before)
    return (said,)


def probe(
    order: Order, model: Asked, folder: Path, told: Told, beside: Asked | None = None
) -> Answers:
    """All answers, and each question's test over the works and controls as sets.

    folder  keeps the answers
    beside  the reference model
    """
    assert bool(order.reference) is (beside is not None), "its digest and itself come together"
    kept, every = Kept(folder), list(errands(order, model.guided, beside))
    todo = sum(one.looks for one in every if one.key not in kept)
    began, spent, answers = monotonic(), 0, []
    for done, one in enumerate(every):
        left = (monotonic() - began) / spent * (todo - spent) if spent else None
        told(Asking(done, len(every), left))
        spent += 0 if one.key in kept else one.looks
        answers.append(kept.answer(one.key, partial(one.ask, model)))
    told(Asking(len(every), len(every), 0.0))
    pictures = len(order.works) + len(order.controls)
    parts = [answers[at : at + pictures] for at in range(0, len(answers), pictures)]
    outcomes = tuple(
        outcome(name, part[: len(order.works)], part[len(order.works) :], order.effort.seed)
        for name, part in zip(order.asked, parts, strict=False)
    )
    canaries = zip(order.canaries, answers[len(order.asked) * pictures :], strict=True)
    return outcomes, tuple(
        CanaryFit(one, answer.score, answer.figures["p"]) for one, answer in canaries
    )


def outcome(
    question: str, works: Sequence[Answer], controls: Sequence[Answer], seed: int
) -> Outcome:
    test = None
    if controls:
        own, others = ([one.score for one in part] for part in (works, controls))
        test = permutation_test(own, others, seed)
    return Outcome(question, tuple(works), tuple(controls), test)


def doubts(order: Order) -> tuple[Message, ...]:
    """Reasons to trust the answers less, the gravest first."""
    found = [message("probe.research")] if order.research else []
    if not order.controls:
        found.append(message("probe.no_controls"))
    else:
        found.append(message("probe.one_kind"))
        least = least_p(len(order.works), len(order.controls))
        if least > DOUBT:
            found.append(message("probe.too_few", least=least))
    if order.reference:
        found.append(message("probe.reference_unlearnt"))
    if len(order.asked) > 1 and order.controls:
        found.append(message("probe.several", count=len(order.asked)))
    every = (*order.works, *order.controls)
    if wordless := sum(not one.own for one in every):
        found.append(message("probe.wordless", some=wordless, all=len(every), words=order.words))
    if len(order.canaries) > 1:
        found.append(message("probe.several_canaries", count=len(order.canaries)))
    return tuple(found)
