"""Does poison poison? python -m lab.study.poison [--model PATH] [--only KINDS] [--table]

A trained model is fine-tuned on new pictures of one concept beside everybody else's. A share of
them is changed; all have the same caption. Then the concept is sampled, and a classifier that knows
neither the model nor its encoder says what it sees. Controls: clean pictures, the same change
scattered at random, a blend that looks the same, and pictures of the other concept under the wrong
caption.

Two series of doses show where an effect begins: pictures changed more and more visibly
(`poison@30`: SSIMULACRA2 30), and latents set a share of the way to the target (`latents@0.5`),
which need not belong to any picture. With --model PATH all of it runs on a local Stable Diffusion,
by LoRA. The small model sees through the very encoder that was optimised against: the best case for
poison.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import torch
from torch import Tensor

from ..rows import Row, note, rows
from . import base, common, judge, pictures
from .learners import Learner
from .pictures import Captioned

SOURCE, OTHER, NEIGHBOURS = "fruit", "flag", ("flower", "insect")
VALUES = ("as_other", "right", "along", "neighbours_right", "neighbours_as_other", "closed")
COLUMNS = (
    common.Column("gap closed", "closed"),
    common.Column(f"called {SOURCE}", "right"),
    common.Column(f"called {OTHER}", "as_other"),
    common.Column(f"samples moved towards the {OTHER}", "along"),
    common.Column("neighbours right", "neighbours_right"),
)
SCORES = (70, 55, 30, 0, -100)
GAPS = (0.2, 0.35, 0.5, 0.75, 1.0)
SHARES = (0.5, 0.2, 0.05, 0.01)  # of the concept's pictures that training draws
NEW = 40  # pictures of the concept that are added
ATTENTION = 3.0  # how often the concept is drawn; every other concept 1


def jobs(seeds: int) -> Iterator[tuple[str, float, int]]:
    """(kind, share, seed): what matters most comes first."""
    ends = [("clean", 0.0), ("poison@70", 1.0), ("mislabelled", 1.0)]
    yield from ((*end, 0) for end in ends)
    yield from ((f"latents@{gap:g}", 1.0, 0) for gap in reversed(GAPS))
    yield from ((f"poison@{score}", 1.0, 0) for score in reversed(SCORES[1:]))
    yield from ((kind, 1.0, 0) for kind in ("scattered", "blend"))
    for share in SHARES:
        yield from ((kind, share, 0) for kind in ("poison@70", "mislabelled"))
    yield from ((kind, 0.5, 0) for kind in ("scattered", "blend", "latents@1"))
    again = [*ends, ("scattered", 1.0), ("blend", 1.0), ("latents@0.5", 1.0), ("poison@0", 1.0)]
    again += [("poison@70", 0.5), ("mislabelled", 0.5), ("latents@0.35", 1.0), ("poison@30", 1.0)]
    yield from ((*one, seed) for seed in range(1, seeds) for one in again)


def run(asked: argparse.Namespace) -> None:
    _, later = pictures.split(pictures.concepts())
    learner = common.learner(asked)
    sees, right = base.concept_judge(asked.home, common.judges_eye(asked, learner))
    whole = base.prepared(asked.home, "concepts-later", later, learner.side)
    work = Work(asked, learner, *fewer(whole, later))
    done = {key(row) for row in rows(asked.out)}
    for kind, share, seed in jobs(asked.seeds):
        row = {"kind": kind, "share": share, "seed": seed, **asked.settings}
        if key(row) in done or not common.wanted(asked, kind):
            continue
        row |= work.one(kind, share, seed, sees)
        note(asked.out, row | {"judge_accuracy": round(right, 3), **learner.describe()})


def fewer(whole: Tensor, later: list[Captioned]) -> tuple[Tensor, list[Captioned]]:
    """Without the concept's pictures beyond NEW."""
    extra = [at for at, one in enumerate(later) if one.label == SOURCE][NEW:]
    stay = [at for at in range(len(later)) if at not in extra]
    return whole[stay], [later[at] for at in stay]


def key(row: Row) -> tuple[object, ...]:
    return tuple(row[k] for k in ("kind", "share", "seed", "steps", "surrogates"))


class Work:
    """The pictures and latents that every run of the experiment starts from."""

    def __init__(
        self, asked: argparse.Namespace, learner: Learner, whole: Tensor, later: list[Captioned]
    ) -> None:
        self.asked, self.learner = asked, learner
        self.captions = [one.caption for one in later]
        labels = [one.label for one in later]
        self.places = [at for at, label in enumerate(labels) if label == SOURCE]
        others = whole[[label == OTHER for label in labels]]
        self.own, self.anchor = whole[self.places], others[0]
        self.wrong = others[1 : len(self.places) + 1]
        self.latents = (
            learner.latents(whole)
            if asked.model
            else base.kept(asked.home, f"concepts-added-{learner.side}", learner, whole)
        )
        self.aim = learner.latents(self.anchor[None])
        weight = {SOURCE: ATTENTION}
        self.odds = torch.tensor([weight.get(one, 1.0) / labels.count(one) for one in labels])

    def drawn(self, count: int, share: float) -> Tensor:
        """How often each picture is drawn: the first `count` of the concept's pictures make up
        that share of the concept."""
        odds, changed, rest = self.odds.clone(), self.places[:count], self.places[count:]
        for places, part in ((changed, share), (rest, 1 - share)):
            if places:
                odds[places] = ATTENTION * part / len(places)
        return odds

    def changed(self, kind: str) -> Tensor:
        """Latents of the concept's pictures, all of them changed in that way."""
        clean = self.latents[self.places]
        name, _, dose = kind.partition("@")
        if name == "clean":
            return clean
        if name == "latents":
            return clean + float(dose) * (self.aim - clean)
        if name == "mislabelled":
            return self.learner.latents(self.wrong)
        seen = self.poisoned(int(dose or 70))
        if name == "poison":
            return self.learner.latents(seen)
        file = self.asked.home / f"poison-controls-{self.asked.surrogates}-{self.learner.side}.pt"
        both = common.controls(self.own, seen, self.anchor, file)
        return self.learner.latents(both[("scattered", "blend").index(name)])

    def poisoned(self, score: int) -> Tensor:
        return common.protected(
            self.own,
            self.anchor,
            name="poison",
            score=score,
            home=self.asked.home,
            surrogates=self.asked.surrogates,
        )

    def one(self, kind: str, share: float, seed: int, sees: judge.Classifier) -> Row:
        """Fine-tunes on the later half, that share of the concept changed, and samples."""
        asked, mixed = self.asked, self.latents.clone()
        count = max(1, round(share * len(self.places))) if share else 0
        now = self.changed(kind)
        mixed[self.places[:count]] = now[:count]
        odds = self.drawn(count, share)
        tuned = self.learner.finetuned(
            mixed, self.captions, seed=seed, steps=asked.steps, odds=odds
        )
        clean = self.latents[self.places]
        same = kind != "mislabelled"  # has other pictures, so there is no gap to close
        told: Row = {"changed": count, "of": len(self.places)}
        told["closed"] = common.closed(clean, now, self.aim) if same else None
        shown = tuned.sampled(f"a picture of a {SOURCE}", asked.samples, seed=100 + seed)
        votes = judge.called(sees, base.shrunk(shown, base.MASTER))
        told |= {"right": votes[SOURCE], "as_other": votes[OTHER]}
        told["along"] = common.along(self.learner.latents(shown), clean, self.aim)
        sheets = asked.home / "sheets"
        common.sheet(sheets / f"poison-{kind}-{share:g}-{seed}.png", shown)
        return told | self.neighbours(tuned, seed, sees)

    def neighbours(self, tuned: Learner, seed: int, sees: judge.Classifier) -> Row:
        right = wrong = 0.0
        for label in NEIGHBOURS:
            count = max(1, self.asked.samples // 2)
            shown = tuned.sampled(f"a picture of a {label}", count, seed=200 + seed)
            votes = judge.called(sees, base.shrunk(shown, base.MASTER))
            right, wrong = right + votes[label], wrong + votes[OTHER]
        count = len(NEIGHBOURS)
        return {"neighbours_right": right / count, "neighbours_as_other": wrong / count}


def table(file: Path) -> None:
    """Rows -> means and spread over seeds, as JSON and as a Markdown table."""
    found = rows(file)
    if not found:
        return
    lines = common.grouped(found, ("kind", "share"), VALUES)
    lines.sort(key=lambda line: (line["kind"] != "clean", -line["share"], place(line["kind"])))
    named = {f"added {SOURCE} pictures": "{kind}", "changed": "{share:.1%}"}
    common.write_table(file, lines, named, COLUMNS)


def place(kind: str) -> tuple[int, float]:
    """A row's place in the table: controls first, then each series of doses from low to high."""
    name, _, dose = kind.partition("@")
    order = ("clean", "scattered", "blend", "poison", "latents", "mislabelled")
    return order.index(name), float(dose or 0) * (-1 if name == "poison" else 1)


if __name__ == "__main__":
    common.main("poison", run, table, steps=150, samples=32)
