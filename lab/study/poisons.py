"""Which poison poisons? python -m lab.study.poisons [--seeds N] [--only KINDS] [--until HH:MM]

poison.py asked about fruit and flags, but of the model's own fruit the judge calls only one sample
in eight fruit, so that effects were hard to see. Here the model can draw both concepts and the
judge can name them; half of what training draws is the concept; and beside the vote among all
concepts stands how sure the judge is between the two. Wrong captions say how much could be learnt
wrong at most.

Every method runs in the engine's loop at one visibility by all its judges. Methods differ in the
goal, in what the distance to it is measured in (taken_up.py), or in using a denoiser of another
seed (denoisers.py). What was made and measured is kept: started again, it resumes.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from statistics import fmean

import torch
import torch.nn.functional as F
from glassine.evidence.controls import blended, scattered
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.machine import weights
from glassine.pixels.grid import on_grid
from glassine.types import Artwork, Denoising, Intent, Plan
from glassine.units import Score
from glassine.visibility import ssimulacra2
from glassine.visibility.limits import strictest
from glassine.visibility.lpips import ALEX, with_trunk
from safetensors.torch import load_file
from torch import Tensor

from ..rows import Row, note, rows
from . import base, common, denoisers, judge, lesson, pictures, small, taken_up
from .pictures import Captioned

PAIRS = (("bird", "flag"), ("flower", "flag"))
"""What pictures show, and what they are to be taken for."""
WORKS, ANCHORS = 8, 8
DRAWN = 0.5  # of what training draws is the concept
SHARES = (0.5, 0.2)  # of the concept's pictures that are changed, beside all of them
STRONG, BALANCED = 55, 70
SURROGATES = ("sd15",)
NAMED = 32  # samples of each concept, from which the pairs were chosen
METHODS = ("anchor", "way", "nearest", "denoiser", "pooled", "semantic", "gradient")
CONTROLS = ("blend", "scattered")
BY_HAND = ("latents=0.5", "mean=0.5", "mean=1")
VALUES = (
    *("as_own", "as_other", "leaning", "along", "closed", "mean_moved", "score"),
    *lesson.HELD_OUT,
)
COLUMNS = (
    common.Column("judges in the loop", "score", 0),
    common.Column("FSIM", "fsim", 3),
    common.Column("gap closed", "closed"),
    common.Column("mean moved", "mean_moved"),
    common.Column("called what they show", "as_own"),
    common.Column("called the other", "as_other"),
    common.Column("judge's lean to the other", "leaning"),
    common.Column("samples moved", "along"),
)
LOSS = Denoising(loss="error", source="the loss of training, under the other concept's words")


def jobs(seeds: int) -> Iterator[tuple[str, float, int]]:
    """(kind, share, seed): what matters most comes first."""
    ends = ("clean", "wrong")
    strong = [f"{name}@{STRONG}" for name in (*METHODS, *CONTROLS)]
    yield from ((kind, 1.0, 0) for kind in (*ends, *strong[:4], *BY_HAND, *strong[4:]))
    yield from ((kind, 1.0, seed) for seed in range(1, seeds) for kind in (*ends, *strong))
    part = ("wrong", f"denoiser@{STRONG}", f"way@{STRONG}")
    yield from ((kind, share, 0) for share in SHARES for kind in part)
    yield from ((f"{name}@{BALANCED}", 1.0, 0) for name in METHODS)
    yield from ((f"denoiser@{BALANCED}", share, 0) for share in SHARES)


@dataclass(frozen=True)
class Question:
    """One concept's new pictures beside everybody else's; pictures are (N, 3, S, S) in [0, 1].

    own      the concept's, which are changed
    anchors  fixed pictures of the other concept, the same for everybody
    spare    pictures of the concept that no model is trained on: its mean is taken of these
    wrong    pictures of the other concept, to be learnt under the concept's name
    """

    shows: str
    teach: str
    learner: small.Small
    own: Tensor
    anchors: Tensor
    spare: Tensor
    wrong: Tensor

    @property
    def caption(self) -> str:
        return f"a picture of a {self.shows}"

    @cached_property
    def clean(self) -> Tensor:
        """Latents of the pictures as they are."""
        return self.learner.latents(self.own)

    @cached_property
    def fixed(self) -> Tensor:
        """Latents of the anchors."""
        return self.learner.latents(self.anchors)

    @cached_property
    def way(self) -> Tensor:
        """(C, h, w): from one concept's mean to the other's; no picture of `own` is in either."""
        return self.fixed.mean(0) - self.learner.latents(self.spare).mean(0)

    @cached_property
    def nearest(self) -> Tensor:
        """Number of each picture's anchor: the nearest one by latents."""
        return torch.cdist(self.clean.flatten(1), self.fixed.flatten(1)).argmin(1)

    @property
    def farthest(self) -> int:
        """Number of the anchor that is farthest on the way."""
        return int((self.fixed.flatten(1) @ self.way.flatten()).argmax())


@dataclass(frozen=True)
class Method:
    """How pictures are moved.

    goals      one for each picture, (N, 3, S, S)
    measures   in which the distance to them is taken, in turn
    denoising  the loss of a denoiser that steps use instead
    """

    goals: Tensor
    measures: tuple[taken_up.Measure, ...] = (taken_up.as_they_are,)
    denoising: Denoising | None = None


def question(asked: argparse.Namespace, learner: small.Small, shows: str, teach: str) -> Question:
    _, later = pictures.split(pictures.concepts())
    whole = base.prepared(asked.home, "concepts-later", later, learner.side)
    own, other = (whole[[one.label == label for one in later]] for label in (shows, teach))
    return Question(
        shows,
        teach,
        learner,
        own=own[-WORKS:],  # the last are photos; on drawings on white any change would show
        anchors=other[:ANCHORS],
        spare=own[:ANCHORS],
        wrong=other[ANCHORS : ANCHORS + WORKS],
    )


def method(name: str, about: Question, asked: argparse.Namespace) -> Method:
    """The method of that name."""
    near = about.anchors[about.nearest]
    if name == "anchor":
        return Method(about.anchors[:1].expand_as(about.own))
    if name == "nearest":
        return Method(near)
    if name == "way":
        goals = about.anchors[about.farthest].expand_as(about.own)
        return Method(goals, (taken_up.along(about.way),))
    if name == "pooled":
        return Method(near, (taken_up.pooled(2),))
    if name == "semantic":
        return Method(near, (perceived(about.learner.decode),))
    if name == "gradient":
        made = denoisers.surrogate(asked)
        draws = range(taken_up.NOISES)
        return Method(near, tuple(taken_up.gradient(made, at, about.caption) for at in draws))
    assert name == "denoiser", name
    return Method(near, denoising=LOSS)


def perceived(decode: small.Coder) -> taken_up.Measure:
    """What AlexNet sees in the decoded latents: mean and spread of every channel.

    The judge is a SqueezeNet; a method must not use the same network.
    """
    folder = weights.folder_of("perceptual")
    net = with_trunk(ALEX, load_file(folder / "alexnet_features.fp16.safetensors"))

    def measured(latents: Tensor) -> Tensor:
        shown = decode(latents)
        shown = F.interpolate(shown, (judge.LEAST, judge.LEAST), mode="bilinear")
        layers = [layer.flatten(2)[0] for layer in net.net(net.scaling_layer(2 * shown - 1))]
        found = [(f.mean(1), (f.var(1) + 1e-6).sqrt()) for f in layers]
        return torch.cat([part for both in found for part in both]).log1p()[None]

    return measured


def planned(about: Question, goal: Tensor, at: int, score: int, steps: int) -> Plan:
    """The product's own poison of that picture, with that anchor."""
    intent = Intent(
        recipe="poison",
        shows=about.shows,
        teach=about.teach,
        anchor=goal,
        surrogates=SURROGATES,
        strength=Score(score),
        seed=1 + at,
    )
    return replace(plan(Artwork(about.own[at]), intent), steps=steps, held_out=())


def poisoned(name: str, score: int, about: Question, asked: argparse.Namespace) -> Tensor:
    """(N, 3, S, S); each picture is kept as soon as it is made."""
    file = asked.home / f"poisons-{about.shows}-{about.teach}-{name}-{score}-{asked.steps}.pt"
    done = list(torch.load(file, weights_only=True)) if file.exists() else []
    if len(done) == len(about.own):
        return torch.stack(done)
    how = method(name, about, asked)
    with ExitStack() as stack:
        stack.enter_context(taken_up.measured_by(how.measures))
        if how.denoising:
            words = f"a picture of a {about.teach}"
            found = denoisers.through(denoisers.surrogate(asked), words)
            stack.enter_context(denoisers.looked_through(found))
        for at in range(len(done), len(about.own)):
            made = planned(about, how.goals[at], at, score, asked.steps)
            made = replace(made, recipe=replace(made.recipe, denoising=how.denoising))
            done.append(settle(optimise(made)).rgb)
            torch.save(torch.stack(done), file.with_suffix(".part"))
            os.replace(file.with_suffix(".part"), file)
    return torch.stack(done)


def seen(kind: str, about: Question, asked: argparse.Namespace) -> Tensor | None:
    """The pictures as whoever trains on them gets them; None where latents are set by hand."""
    name, _, score = kind.partition("@")
    if kind in BY_HAND:
        return None
    if kind in ("clean", "wrong"):
        return about.own if kind == "clean" else about.wrong
    if name in METHODS:
        return poisoned(name, int(score), about, asked)
    like = poisoned("anchor", int(score), about, asked)  # as visible as the method that ships
    pairs = enumerate(zip(about.own, like, strict=True))
    if name == "scattered":
        return torch.stack([on_grid(scattered(*pair, at), 8) for at, pair in pairs])
    return torch.stack([on_grid(blended(*pair, about.anchors[0]), 8) for _, pair in pairs])


def latents_of(kind: str, shown: Tensor | None, about: Question) -> Tensor:
    """The latents that are learnt: (N, C, h, w)."""
    if shown is not None:
        return about.learner.latents(shown)
    name, _, dose = kind.partition("=")
    if name == "mean":
        return about.clean + float(dose) * about.way
    return about.clean + float(dose) * (about.fixed[about.nearest] - about.clean)


def taught(
    about: Question, now: Tensor, share: float, seed: int, asked: argparse.Namespace
) -> small.Small:
    """A copy of the model that has learnt everybody's pictures, with that share of the concept's
    pictures changed."""
    _, later = pictures.split(pictures.concepts())
    others = [at for at, one in enumerate(later) if one.label != about.shows]
    whole = base.prepared(asked.home, "concepts-later", later, about.learner.side)
    rest = base.kept(asked.home, f"concepts-later-{about.learner.side}", about.learner, whole)
    count = round(share * len(now))
    own = torch.cat((now[:count], about.clean[count:]))
    return about.learner.finetuned(
        torch.cat((own, rest[others])),
        [about.caption] * len(own) + [later[at].caption for at in others],
        seed=seed,
        steps=asked.learner_steps,
        odds=odds(len(own), [later[at] for at in others]),
    )


def odds(own: int, others: list[Captioned]) -> Tensor:
    """How often each picture is drawn: the concept's in DRAWN of all draws, the others equally."""
    labels = [one.label for one in others]
    each = (1 - DRAWN) / len(set(labels))
    return torch.tensor([DRAWN / own] * own + [each / labels.count(label) for label in labels])


@torch.no_grad()
def answers(sees: judge.Classifier, shown: Tensor, own: str, other: str) -> Row:
    """Shares of the samples called each of the two concepts, out of all concepts; and the mean
    probability of the other, if only these two are allowed."""
    votes = sees(base.shrunk(shown, base.MASTER))
    best = votes.argmax(1)
    own_at, other_at = (sees.labels.index(label) for label in (own, other))
    return {
        "as_own": (best == own_at).float().mean().item(),
        "as_other": (best == other_at).float().mean().item(),
        "leaning": torch.sigmoid(votes[:, other_at] - votes[:, own_at]).mean().item(),
    }


def visibility(clean: Tensor, shown: Tensor) -> Row:
    """What judges say of the change, those in the loop as one score, those held out each."""
    pairs = list(zip(clean, shown, strict=True))
    looks = lesson.HELD_OUT.items()
    told: Row = {name: lesson.looked(one, clean, shown) for name, one in looks}
    return told | {"score": fmean(min(ssimulacra2(*pair), strictest([pair])) for pair in pairs)}


def moved(about: Question, now: Tensor) -> Row:
    """How far latents have moved: each towards its nearest anchor, their mean on the mean way."""
    way = about.fixed.mean(0) - about.clean.mean(0)
    apart = now.mean(0) - about.clean.mean(0)
    return {
        "closed": common.closed(about.clean, now, about.fixed[about.nearest]),
        "mean_moved": ((apart * way).sum() / way.square().sum()).item(),
    }


def outcome(
    kind: str,
    share: float,
    seed: int,
    about: Question,
    sees: judge.Classifier,
    asked: argparse.Namespace,
) -> Row:
    """A row: pictures of one kind are made, learnt and judged by samples."""
    shown = seen(kind, about, asked)
    now = latents_of(kind, shown, about)
    told: Row = {}
    if kind != "wrong":  # these are other pictures
        told |= moved(about, now)
        told |= {} if shown is None or kind == "clean" else visibility(about.own, shown)
    tuned = taught(about, now, share, seed, asked)
    sampled = tuned.sampled(about.caption, asked.samples, seed=100 + seed)
    page = f"poisons-{about.shows}-{about.teach}-{kind}-{share:g}-{seed}.png"
    common.sheet(asked.home / "sheets" / page, sampled)
    told["along"] = common.along(tuned.latents(sampled), about.clean, about.fixed)
    return told | answers(sees, sampled, about.shows, about.teach)


def run(asked: argparse.Namespace) -> None:
    learner = base.model(asked.home, side=asked.side)
    sees, right = base.concept_judge(asked.home, learner)
    settings = {name: getattr(asked, name) for name in ("steps", "learner_steps", "samples")}
    if not (names := asked.out.with_name(f"named-{asked.side}.json")).exists():
        found = named(learner, sees, NAMED)
        names.write_text(json.dumps(found, indent=1) + "\n")
    done = {key(row) for row in rows(asked.out)}
    for shows, teach in PAIRS:
        about = question(asked, learner, shows, teach)
        for kind, share, seed in jobs(asked.seeds):
            row: Row = {"pair": f"{shows} -> {teach}", "kind": kind, "share": share, "seed": seed}
            row |= settings
            if key(row) in done or not common.wanted(asked, kind):
                continue
            row |= outcome(kind, share, seed, about, sees, asked)
            note(asked.out, row | {"judge_accuracy": round(right, 3)})


def named(learner: small.Small, sees: judge.Classifier, count: int) -> dict[str, dict[str, float]]:
    """What samples of the untouched model are called, by the concept that was asked for."""
    found = {}
    for concept in pictures.CONCEPTS:
        shown = learner.sampled(f"a picture of a {concept}", count, seed=100)
        votes = judge.called(sees, base.shrunk(shown, base.MASTER))
        found[concept] = {name: round(share, 3) for name, share in votes.items() if share}
    return found


def key(row: Row) -> tuple[object, ...]:
    return tuple(row[k] for k in ("pair", "kind", "share", "seed", "steps", "learner_steps"))


def table(file: Path) -> None:
    """Rows -> means and spread over seeds, as JSON and as a Markdown table."""
    lines = common.grouped(rows(file), ("pair", "kind", "share"), VALUES)
    named = {"pictures show -> taught": "{pair}", "learnt": "{kind}", "changed": "{share:.0%}"}
    common.write_table(file, lines, named, COLUMNS)


def arguments() -> argparse.Namespace:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--side", type=int, default=64)
    asked.add_argument("--steps", type=int, default=16, help="of a poison")
    asked.add_argument("--learner-steps", type=int, default=100, help="of fine-tuning")
    asked.add_argument("--samples", type=int, default=24)
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--out", type=Path, help="rows; without it in results/")
    asked.add_argument("--only", help="kinds to run, with commas")
    asked.add_argument("--until", help="HH:MM; no run is begun after it")
    asked.add_argument("--table", action="store_true", help="only make the table again")
    given = asked.parse_args()
    given.out = given.out or base.RESULTS / f"poisons-{given.side}.jsonl"
    return given


def main() -> None:
    asked = arguments()
    if not asked.table:
        run(asked)
    table(asked.out)


if __name__ == "__main__":
    main()
