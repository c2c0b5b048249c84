"""Are the probe's answers right? python -m lab.study.probed [--seeds N] [--until HH:MM] [--table]

--write also puts the figures between two marks of docs/probe.md.

Training of the study's small model is continued on pictures that it has not seen: some once, some
ten and a hundred times as often, some with a canary's motif in a corner; others are kept back. Then
the probe's own questions are asked about all of them. Every picture has a caption of its own (its
concept and three random words), which is the easiest case for extraction. Measured, per question
and dose: area under the ROC curve, true positives at 1 % false positives, and the p-value of a set;
and how often 200 resampled sets of unseen works are called learnt.

Writes a row per picture to results/probed.jsonl; started again, it resumes.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch
from glassine.probe.asked import sampled
from glassine.probe.canaries import Canary, canary_chance
from glassine.probe.questions import QUESTIONS, Effort
from glassine.probe.statistics import area_under_curve, permutation_test, true_at_false
from torch import Tensor
from torch.nn.functional import interpolate

from ..places import ROOT
from ..rows import Row, note, rows
from . import base, pictures, small

RESULTS = Path(__file__).parent / "results"
SIDE, RATE, STEPS = 64, small.RATE, 300
DOSES = {100: 8, 10: 8, 1: 12}
"""Times that a work occurs in the training set -> number of such works."""
OTHERS, UNSEEN, FEW = 100, 60, 30
"""Pictures of others, each once; works kept back; those of them for the slow questions."""
CANARIES, NEVER = 2, 10
"""Canaries at each dose; and canaries that are in no picture."""
SET, BESIDE, TIMES = 8, 20, 200
EFFORT = Effort(samples=8, paintings=1, noises=2, steps=10, seed=1)
ALPHAS = (0.01, 0.05, 0.1, 0.2)
PAGE = ROOT / "docs" / "probe.md"
START, END = "<!-- figures: lab/study/probed.py -->", "<!-- end of figures -->"


class Learnt:
    """The study's model as the probe asks it."""

    guided = True

    def __init__(self, model: small.Small) -> None:
        self.model, self.side = model, model.side
        self.kept: Tensor = model.noise.alphas_cumprod

    def encode(self, shown: Tensor) -> Tensor:
        return self.model.latents(shown)

    def decode(self, latents: Tensor) -> Tensor:
        return self.model.decode(latents)

    def at(self, level: float) -> int:
        return min(round(level * len(self.kept)), len(self.kept) - 1)

    def shares(self, level: float) -> tuple[float, float]:
        kept = float(self.kept[self.at(level)])
        return kept**0.5, (1 - kept) ** 0.5

    def parted(self, mixed: Tensor, level: float, caption: str) -> tuple[Tensor, Tensor]:
        words = self.model.words([caption] * len(mixed))
        noise = self.model.unet(mixed, self.at(level), words).sample
        signal, spread = self.shares(level)
        return (mixed - spread * noise) / signal, noise


class Work(NamedTuple):
    """A picture, its caption, and how often it occurs in the training set."""

    name: str
    shown: Tensor
    caption: str
    dose: int
    canary: str = ""


@dataclass(frozen=True)
class Sets:
    """Works that are learnt, works that are asked about, and canaries, planted or not."""

    learnt: list[Work]
    asked: list[Work]
    canaries: list[Work]


def drawn_sets(whole: Tensor, labels: list[str], seed: int) -> Sets:
    """The sets of that seed: it decides which pictures have which dose."""
    draw = random.Random(seed)
    order = draw.sample(range(len(whole)), len(whole))
    every = sorted({*base.vocabulary()} - {"a", "of", "by"})

    def work(dose: int) -> Work:
        at = order.pop()
        words = " ".join([labels[at], *draw.sample(every, 3)])
        return Work(f"{at}", whole[at], words, dose)

    members = [work(dose) for dose, count in DOSES.items() for _ in range(count)]
    others = [work(1) for _ in range(OTHERS)]
    planted = [
        carrying(work(dose), f"{seed} {dose} {at}") for dose in DOSES for at in range(CANARIES)
    ]
    never = [carrying(work(0), f"{seed} never {at}") for at in range(NEVER)]
    unseen = [work(0) for _ in range(UNSEEN)]
    return Sets(members + others + planted, members + unseen, planted + never)


def carrying(work: Work, key: str) -> Work:
    """The same work with the canary's motif over a quarter of it, and the canary's phrase."""
    motif = interpolate(Canary(key).motif[None], (SIDE // 2, SIDE // 2), mode="nearest")[0]
    shown = work.shown.clone()
    shown[:, SIDE // 2 :, SIDE // 2 :] = motif
    return work._replace(shown=shown, canary=key)


def trained(home: Path, sets: Sets, seed: int, steps: int) -> Learnt:
    """The study's model after it has learnt the sets; a stopped training resumes."""
    model = base.model(home, side=SIDE)
    latents = model.latents(torch.stack([one.shown for one in sets.learnt]))
    file = home / f"probed-{seed}-{steps}.pt"
    model.train(
        latents,
        [one.caption for one in sets.learnt],
        steps,
        seed=seed,
        rate=RATE,
        odds=torch.tensor([float(one.dose) for one in sets.learnt]),
        file=file,
        told=lambda step, loss, spent: print(
            f"{seed}: {step} {loss:.4f} {spent:.0f} s", flush=True
        ),
    )
    return Learnt(model)


def asked_about(sets: Sets) -> Iterator[tuple[str, Work]]:
    """(question, picture), in mixed order, so that a stopped run has some of every kind."""
    members = [one for one in sets.asked if one.dose]
    unseen = [one for one in sets.asked if not one.dose]
    for test, most in (("membership", UNSEEN), ("extraction", FEW), ("completion", FEW)):
        every = [*members, *unseen[:most]]
        for one in random.Random(0).sample(every, len(every)):
            yield test, one


@torch.no_grad()
def run(given: argparse.Namespace) -> None:
    _, later = pictures.split(pictures.concepts())
    whole = base.prepared(given.home, "concepts-later", later, SIDE)
    labels = [one.label for one in later]
    for seed in range(given.seeds):
        sets = drawn_sets(whole, labels, seed)
        with torch.enable_grad():
            model = trained(given.home, sets, seed, given.steps)
        done = {key(row) for row in rows(given.out)}
        for one in sets.canaries:
            row = {"seed": seed, "steps": given.steps, "test": "canary", "picture": one.name}
            if key(row) not in done and in_time(given):
                shown = sampled(model, one.caption, EFFORT.samples, EFFORT.seed, EFFORT.steps)
                fit, p = canary_chance(Canary(one.canary), shown)
                note(given.out, row | {"dose": one.dose, "score": fit, "p": p})
        for test, one in asked_about(sets):
            row = {"seed": seed, "steps": given.steps, "test": test, "picture": one.name}
            if key(row) not in done and in_time(given):
                answer = QUESTIONS[test].ask(model, one.shown, one.caption, EFFORT)
                note(given.out, row | {"dose": one.dose, "score": answer.score} | answer.figures)


def key(row: Row) -> tuple[object, ...]:
    return tuple(row[name] for name in ("seed", "steps", "test", "picture"))


def in_time(given: argparse.Namespace) -> bool:
    return not given.until or time.strftime("%H:%M") < given.until


def table(file: Path) -> dict[str, list[Row]]:
    """Rows -> figures, as JSON."""
    found = rows(file)
    lines = [line for test in QUESTIONS for line in told_apart(test, found)]
    figures: dict[str, list[Row]] = {
        "tests": lines,
        "canaries": list(heard_canaries(found)),
        "false": [line for test in QUESTIONS for line in false_alarms(test, found)],
    }
    file.with_suffix(".json").write_text(json.dumps(figures, indent=1) + "\n")
    print(json.dumps(figures, indent=1))
    return figures


def worded(figures: dict[str, list[Row]]) -> str:
    """The figures as Markdown: a table with a row for each question and dose, and two sentences."""
    seeds, sets = len({row["seed"] for row in figures["tests"]}), figures["false"][0]["sets"]
    head = "| question | times in the training set | area under the curve |"
    lines = [f"{head} true positives at 1 % false | p of the set |", "|---|---:|---:|---:|---:|"]
    for test in ("membership", "extraction", "completion"):
        for dose in DOSES:
            own = [row for row in figures["tests"] if (row["test"], row["dose"]) == (test, dose)]
            cells = [joined(own, name) for name in ("auc", "true_at_1_percent", "p_of_a_set")]
            lines.append(
                " | ".join((f"| {test if dose == max(DOSES) else ''}", f"{dose}", *cells)) + " |"
            )
    told = [
        f"{row['p<=0.05']} of {row['canaries']} at {row['dose']}" for row in figures["canaries"]
    ]
    false = [
        f"{test} {joined([one for one in figures['false'] if one['test'] == test], 'p<=0.05')}"
        for test in ("membership", "extraction", "completion")
    ]
    return "\n".join(
        (
            f"Seeds 0 to {seeds - 1}, one after another in each cell:",
            "",
            *lines,
            "",
            f"Canaries with p up to .05, by times in the training set: {', '.join(told)}.",
            f"Share of {sets} sets of unseen works with p up to .05: {', '.join(false)}.",
        )
    )


def joined(found: list[Row], name: str) -> str:
    """That figure of each seed, with two digits that say something and no exponent."""
    every = (row[name] for row in found)
    return ", ".join(short(one) for one in every)


def short(value: float) -> str:
    """.00005 for 5e-5, .5 for .5, 0 for 0."""
    places = max(2, 1 - math.floor(math.log10(value))) if value else 0
    return f"{value:.{places}f}".rstrip("0").rstrip(".").removeprefix("0") or "0"


def write(text: str, start: str = START) -> None:
    """Puts the text between two marks of the page."""
    before, _, rest = PAGE.read_text().partition(start)
    _, _, after = rest.partition(END)
    PAGE.write_text(f"{before}{start}\n{text}\n{END}{after}")


def scores(found: list[Row], test: str, seed: int, dose: int) -> list[float]:
    return [
        row["score"]
        for row in found
        if (row["test"], row["seed"], row["dose"]) == (test, seed, dose)
    ]


def told_apart(test: str, found: list[Row]) -> Iterator[Row]:
    """Rows for the works of each dose against works that were kept back, model by model."""
    for dose in DOSES:
        for seed in sorted({row["seed"] for row in found}):
            members, unseen = (scores(found, test, seed, one) for one in (dose, 0))
            if not members or len(unseen) < BESIDE:
                continue
            p = permutation_test(members[:SET], unseen[:BESIDE]).p
            yield {
                "test": test,
                "dose": dose,
                "seed": seed,
                "members": len(members),
                "unseen": len(unseen),
                "auc": round(area_under_curve(members, unseen), 3),
                "true_at_1_percent": round(true_at_false(members, unseen), 3),
                "p_of_a_set": round(p, 5),
            }


def false_alarms(test: str, found: list[Row]) -> Iterator[Row]:
    """How often p is below a limit for sets of unseen works against other unseen works."""
    for seed in sorted({row["seed"] for row in found}):
        unseen = scores(found, test, seed, 0)
        if len(unseen) < SET + BESIDE:
            continue
        draw = np.random.default_rng(seed)
        every: list[float] = []
        for _ in range(TIMES):
            mixed = draw.permutation(unseen)[: SET + BESIDE].tolist()
            every.append(permutation_test(mixed[:SET], mixed[SET:], seed=len(every)).p)
        shares = {f"p<={alpha}": float((np.array(every) <= alpha).mean()) for alpha in ALPHAS}
        yield {"test": test, "seed": seed, "unseen": len(unseen), "sets": TIMES} | shares


def heard_canaries(found: list[Row]) -> Iterator[Row]:
    for dose in (*DOSES, 0):
        every = [row["p"] for row in found if row["test"] == "canary" and row["dose"] == dose]
        if every:
            heard = {f"p<={alpha}": sum(p <= alpha for p in every) for alpha in ALPHAS[:2]}
            yield {"dose": dose, "canaries": len(every), "smallest": min(every)} | heard


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--out", type=Path, default=RESULTS / "probed.jsonl")
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--steps", type=int, default=STEPS)
    asked.add_argument("--until", help="HH:MM; no question is asked after it")
    asked.add_argument("--table", action="store_true", help="only make the figures again")
    asked.add_argument("--write", action="store_true", help="put the figures into docs/probe.md")
    given = asked.parse_args()
    if not (given.table or given.write):
        run(given)
    figures = table(given.out)
    if given.write:
        write(worded(figures))


if __name__ == "__main__":
    main()
