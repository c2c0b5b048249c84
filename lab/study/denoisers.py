"""What does a denoiser's loss add to a cloak? python -m lab.study.denoisers [--seeds N] [--table]

The study's works, protected in six ways at one visibility, are learnt by the same base model (all
weights, LoRA or textual inversion; as posted, or cleaned by a purifier first), beside clean works.
The protections work against another small model, with another seed and trained on pictures that
the base model never saw (`surrogate`, some minutes), because an artist does not have the model of
whoever trains on the works. Measured, as in cloak.py, are samples of the model afterwards.

The engine's loop gets that denoiser in place of one from a folder; steps, limits and the search for
a strength are the engine's own. What was made and measured is kept: started again, it resumes.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

import torch
from glassine.denoisers.loaded import Model
from glassine.denoisers.lora import pupil
from glassine.denoisers.noise import noise_of
from glassine.explore import walk
from glassine.explore.denoising import Through
from glassine.explore.views import CROP
from glassine.flow.optimise import optimise
from glassine.flow.recipes import MODEL_RECIPES, RECIPES
from glassine.flow.settle import settle
from glassine.machine.device import choose
from glassine.targets import TARGETS
from glassine.types import Change, Intent, Plan
from torch import Generator, Tensor

from ..rows import Row, note, rows
from . import base, common, lesson, pictures, small, taken_up

SEED, TRAINED, PROMPT = 7, 2000, "a portrait"
KINDS = ("cloak", "advdm", "sds", "mist", "cloak-sds", "subject")
VALUES = (
    *("as_artist", "as_target", "along", "gram", "to_artist", "closed", "loss"),
    *lesson.HELD_OUT,
)
COLUMNS = (
    common.Column("surrogate's loss", "loss", 3),
    *lesson.COLUMNS,
    common.Column("Gram distance to artist", "to_artist"),
    *lesson.SEEN,
)
LEVELS = range(50, 1000, 100)


def surrogate(asked: argparse.Namespace) -> small.Small:
    """The model that protections work against, trained only on the later half of the concepts."""
    made = small.Small(base.vocabulary(), small.taesd(asked.home), side=asked.side, seed=SEED)
    _, later = pictures.split(pictures.concepts())
    whole = base.prepared(asked.home, "concepts-later", later, asked.side)
    latents = base.kept(asked.home, f"concepts-later-{asked.side}", made, whole)
    labels = [one.label for one in later]
    odds = torch.tensor([1 / labels.count(label) for label in labels])
    about = {**made.describe(), "pictures": len(later), "batch": base.BATCH, "rate": base.RATE}
    curve = base.curve_writer(base.RESULTS / f"denoiser-{asked.side}.json", about)
    return made.train(
        latents,
        [one.caption for one in later],
        TRAINED,
        seed=SEED,
        rate=base.RATE,
        batch=base.BATCH,
        odds=odds,
        file=asked.home / f"denoiser-{asked.side}.pt",
        told=curve,
    )


def through(made: small.Small, prompt: str = PROMPT) -> Through:
    """The small model as the engine's loop wants a denoiser; `prompt` describes the picture."""
    for weight in made.parameters():
        weight.requires_grad_(False)

    def says(noisy: Tensor, times: Tensor) -> Tensor:
        words = made.words([prompt] * len(noisy))
        guess: Tensor = made.unet(noisy, times, words).sample
        return guess

    sees = Model("small", says, noise_of(made.noise.config), 1.0, 0.0, made.unet.eval())
    return Through(sees, made.encode)


@contextmanager
def looked_through(found: Through) -> Iterator[None]:
    """Inside it the engine's steps use that denoiser in place of a folder's model."""
    with patch.object(walk, "through_model", lambda *_: found):
        yield


def planned(name: str, work: Tensor, target: Tensor, at: int, steps: int) -> Plan:
    """A plan as visible as the cloak, whatever its recipe; its goal is the restyled work."""
    made = taken_up.planned(work, target, at, steps)
    if name in RECIPES:
        return made
    recipe = MODEL_RECIPES[name]
    goals = made.goals if recipe.goals else ()
    if recipe.goals == MODEL_RECIPES["mist"].goals:
        draw = Generator().manual_seed(at)
        goals = (TARGETS["texture"].picture(made.artwork, Intent(), draw, "cpu"),)
    return replace(made, recipe=recipe, goals=goals)


def changes(name: str, plans: list[Plan], asked: argparse.Namespace) -> Iterator[Change]:
    """The change found for each work: one by one, or for the whole set (`subject`)."""
    denoising = plans[0].recipe.denoising
    with looked_through(through(surrogate(asked))):
        if denoising is None or not denoising.rounds:
            yield from map(optimise, plans)
            return
    yield from taught(plans, surrogate(asked))


def taught(plans: list[Plan], made: small.Small) -> Iterator[Change]:
    """ASPL in memory: rounds of training steps and of the engine's own steps."""
    asks, found = plans[0].recipe.denoising, through(made)
    assert asks
    device = choose("cpu")
    with looked_through(found):
        learner = pupil(found.sees, asks.rank, asks.rate, SEED)
        grounds = [walk.prepared(one, device) for one in plans]
        ways = [
            walk.Way(
                one,
                ground,
                walk.Search.on(ground.canvas),
                walk.course(one, ground.canvas, device, CROP),
            )
            for one, ground in zip(plans, grounds, strict=True)
        ]
        for turn in range(asks.rounds):
            draw = Generator().manual_seed(turn)
            with torch.no_grad():
                now = [
                    found.latents((one.ground.canvas.clean + one.search.change)[None])
                    for one in ways
                ]
            for _ in range(asks.lessons):
                learner.learn(now, draw)
            for way in ways:
                steps = way.plan.steps
                for step in range(turn * steps // asks.rounds, (turn + 1) * steps // asks.rounds):
                    walk.stride(way, step, draw)
        yield from (Change(way.plan, walk.arrived(way)) for way in ways)


def protected(name: str, works: Tensor, restyled: Tensor, asked: argparse.Namespace) -> Tensor:
    """(N, 3, S, S), kept between runs."""
    file: Path = asked.home / f"denoised-{name}-{asked.side}-{asked.steps}.pt"
    if not file.exists():
        pairs = enumerate(zip(works, restyled, strict=True))
        plans = [planned(name, *pair, at, asked.steps) for at, pair in pairs]
        began = time.monotonic()
        made = torch.stack([settle(one).rgb for one in changes(name, plans, asked)])
        print(name, f"{time.monotonic() - began:.0f} s", flush=True)
        torch.save(made, file)
    done: Tensor = torch.load(file, weights_only=True)
    return done


def taken(name: str, works: Tensor, restyled: Tensor, asked: argparse.Namespace) -> Tensor:
    """The works as whoever trains on them gets them. The blend is as visible as the cloak."""
    if name == "clean":
        return works
    if name == "blend":
        seen = protected("cloak", works, restyled, asked)
        return lesson.blends(works, seen, restyled)
    return protected(name, works, restyled, asked)


@torch.no_grad()
def loss_of(made: Through, seen: Tensor) -> float:
    """The surrogate's own mean denoising loss on these pictures, over its levels of noise."""
    latents, draw = made.latents(seen), Generator().manual_seed(1)
    noise = torch.randn(latents.shape, generator=draw)
    levels = [torch.full((len(latents),), level) for level in LEVELS]
    rows = [made.sees.error(latents, noise, at).square().mean() for at in levels]
    return torch.stack(rows).mean().item()


class Lesson(NamedTuple):
    """One thing that is measured: which works are learnt, how, and after which cleaning."""

    kind: str
    seed: int
    learner: str
    after: str


def lessons(asked: argparse.Namespace) -> Iterator[Lesson]:
    """Lessons that were asked for and are not measured yet."""
    done = {lesson_of(row) for row in rows(asked.out)}
    for seed in range(asked.seeds):
        for learner in asked.learners.split(","):
            for kind in ("clean", *KINDS, "blend"):
                one = Lesson(kind, seed, learner, asked.after)
                if one not in done and common.wanted(asked, kind):
                    yield one


def lesson_of(row: Row) -> Lesson:
    return Lesson(*(row[name] for name in Lesson._fields))


def run(asked: argparse.Namespace) -> None:
    on, own = lesson.scene(asked), through(surrogate(asked))
    for one in lessons(asked):
        seen = taken(one.kind, on.works, on.goals, asked)
        learnt = common.purified(seen, one.after) if one.after else seen
        latents = on.learner.latents(learnt)
        shown = lesson.drawn(lesson.taught(on.learner, latents, one.seed, one.learner), one.seed)
        page = "-".join(map(str, one)) + ".png"
        common.sheet(asked.home / "sheets" / f"denoisers-{page}", shown)
        row: Row = {**one._asdict(), "side": asked.side, "steps": asked.steps}
        row["loss"] = loss_of(own, learnt)
        note(asked.out, row | lesson.told(on, seen, latents, shown))


def table(file: Path) -> None:
    lines = common.grouped(rows(file), ("kind", "learner", "after"), VALUES)
    lines.sort(key=lambda line: (lesson.LEARNERS.index(line["learner"]), line["after"]))
    named = {"learnt": "{kind}", "by": "{learner}", "after": "{after}"}
    common.write_table(file, lines, named, COLUMNS)


def main() -> None:
    asked = lesson.options(__doc__, side=64, seeds=1)
    asked.add_argument("--steps", type=int, default=40, help="of a protection")
    lesson.ask_learners(asked)
    asked.add_argument("--after", default="", help="a purifier that the works go through first")
    given = asked.parse_args()
    given.out = base.RESULTS / f"denoisers-{given.side}.jsonl"
    if not given.table:
        run(given)
    table(given.out)


if __name__ == "__main__":
    main()
