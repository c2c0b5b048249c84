"""What does training learn from a cloak? python -m lab.study.taken_up [--seeds N] [--table]

Makes the study's cloak with different distances between the works and their goals: of the latents,
of means of 2 x 2 and 4 x 4 latents, of every channel's mean and spread (StyleGuard, 2505.18766), of
the progress along a way (each work's own way to its goal, or the mean way of all works; also only
as one shift of every channel), and of the gradient by which the untouched model would learn
(gradient matching: Geiping et al., 2021). All have one visibility and one base model, beside clean
works and the blend. Measured, as in cloak.py, are samples of the model that has learnt them.

The engine's loop gets a distance as an encoder, which computes it from the surrogate's latents;
steps, limits and the search for a strength are the engine's own.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import torch
import torch.nn.functional as F
from glassine.explore import walk
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.purifiers import PURIFIERS
from glassine.surrogates import Encoder
from glassine.types import Artwork, Intent, Plan
from glassine.units import Score
from torch import Tensor
from torch.nn.attention import SDPBackend, sdpa_kernel

from ..rows import Row, note, rows
from . import base, cloak, common, lesson, pictures, small

Measure = Callable[[Tensor], Tensor]
"""Latents (1, C, h, w) -> the values in which the distance to the goal is measured."""
Measures = Callable[[int], tuple[Measure, ...]]
"""Number of a work -> measures that its steps take in turn."""

NOISES = 5  # draws of noise and time step; each step takes the gradient at one of them, in turn


def measures(learner: small.Small, now: Tensor, aim: Tensor) -> dict[str, Measures]:
    """By name. now, aim: (works, C, h, w), latents of the works and of their goals."""
    half, quarter = pooled(2), pooled(4)
    learnt = tuple(gradient(learner, draw) for draw in range(NOISES))
    way = aim.mean(0) - now.mean(0)
    return {
        "latents": for_all(as_they_are),
        "half": for_all(half),
        "quarter": for_all(quarter),
        "latents+quarter": for_all(as_they_are, quarter),
        "moments": for_all(moments),
        "latents+moments": for_all(as_they_are, moments),
        "way": for_all(along(way)),
        "latents+way": for_all(as_they_are, along(way)),
        "own way": lambda at: (along(aim[at] - now[at]),),
        "own shift": lambda at: (along(shift(aim[at] - now[at])),),
        "shift": for_all(along(shift(way))),
        "latents+shift": for_all(as_they_are, along(shift(way))),
        "gradient": for_all(*learnt),
        "latents+gradient": for_all(*(m for one in learnt for m in (as_they_are, one))),
    }


def for_all(*found: Measure) -> Measures:
    return lambda _: found


def as_they_are(latents: Tensor) -> Tensor:
    return latents


def pooled(by: int) -> Measure:
    return lambda latents: F.avg_pool2d(latents, by)


def moments(latents: Tensor) -> Tensor:
    """Mean and spread of every channel."""
    spread, mean = torch.std_mean(latents, (2, 3))
    return torch.cat((mean, spread), 1)


def along(way: Tensor) -> Measure:
    """How far latents are along that way. way: (C, h, w)"""
    unit = way / way.norm()
    return lambda latents: (latents[0] * unit).sum()[None]


def shift(way: Tensor) -> Tensor:
    """The way averaged over places: by how much each channel moves."""
    return way.mean((1, 2), keepdim=True).expand_as(way)


def gradient(learner: small.Small, number: int, caption: str = cloak.CAPTION) -> Measure:
    """The gradient by which the model would learn latents with that caption, at one draw."""
    weights = learner.parameters()

    def measured(latents: Tensor) -> Tensor:
        draw = torch.Generator().manual_seed(number)
        # attention's fast kernels have no gradient of a gradient
        with torch.enable_grad(), sdpa_kernel(SDPBackend.MATH):
            if not latents.requires_grad:  # of a goal
                latents = latents.detach().requires_grad_(True)
            loss = learner.loss(latents, [caption], draw)
            gradients = torch.autograd.grad(
                loss, weights, create_graph=True, allow_unused=True, materialize_grads=True
            )
        return torch.cat([one.flatten() for one in gradients])

    return measured


@contextmanager
def measured_by(found: tuple[Measure, ...]) -> Iterator[None]:
    """Inside it the engine's steps measure these in place of the distance of latents."""
    latents = walk.families

    def families(*given: object) -> tuple[Encoder, ...]:
        return tuple(through(m, e) for e in latents(*given) for m in found)  # type: ignore[arg-type]

    with patch.object(walk, "families", families):
        yield


def through(measure: Measure, encode: Encoder) -> Encoder:
    return lambda rgb: measure(encode(rgb))


def cloaked(works: Tensor, restyled: Tensor, found: Measures, file: Path, steps: int) -> Tensor:
    """(N, 3, S, S), kept between runs."""
    if not file.exists():
        made = []
        for at, one in enumerate(zip(works, restyled, strict=True)):
            with measured_by(found(at)):
                made.append(settle(optimise(planned(*one, at, steps))).rgb)
        torch.save(torch.stack(made), file)
    done: Tensor = torch.load(file, weights_only=True)
    return done


def planned(work: Tensor, target: Tensor, at: int, steps: int) -> Plan:
    intent = Intent(target=target, surrogates=("sd15",), strength=Score(lesson.SCORE), seed=1 + at)
    return replace(plan(Artwork(work), intent), steps=steps, held_out=())


def run(asked: argparse.Namespace) -> None:
    on = lesson.scene(asked)
    every = measures(on.learner, on.now, on.aim)
    done = {(row["kind"], row["seed"]) for row in rows(asked.out)}
    for seed in range(asked.seeds):
        for kind in ("clean", "blend", *every):
            if (kind, seed) in done or not common.wanted(asked, kind):
                continue
            seen = taken(asked, kind, on.works, on.goals, every)
            latents = on.learner.latents(seen)
            shown = lesson.drawn(lesson.taught(on.learner, latents, seed), seed)
            row: Row = {"kind": kind, "seed": seed, "side": asked.side, "steps": asked.steps}
            note(asked.out, row | lesson.told(on, seen, latents, shown))


HANDLED = {"as posted": None, "JPEG 75": "jpeg75", "half the size and back": "half"}


def mean_moves(asked: argparse.Namespace) -> None:
    """Measures how far the mean of all works' latents has moved on the mean way, also after
    handling."""
    _, later = pictures.split(pictures.portraits())
    learner = base.model(asked.home, asked.eyes, asked.side)
    works, restyled = cloak.pair(asked.home, "portraits-later", later, asked.side, cloak.WORKS)
    now, aim = learner.latents(works), learner.latents(restyled)
    found = {}
    for kind in measures(learner, now, aim):
        file = cloaks(asked, kind)
        if file.exists():
            seen = torch.load(file, weights_only=True)
            found[kind] = {
                said: moved(learner, handled(seen, name), handled(works, name), now, aim)
                for said, name in HANDLED.items()
            }
    out = asked.out.with_name(f"mean-moves-{asked.side}.json")
    out.write_text(json.dumps(found, indent=1) + "\n")


def handled(seen: Tensor, name: str | None) -> Tensor:
    if name is None:
        return seen
    draw = torch.Generator().manual_seed(0)
    return torch.stack([PURIFIERS[name].apply(one, draw) for one in seen])


def moved(learner: small.Small, seen: Tensor, clean: Tensor, now: Tensor, aim: Tensor) -> float:
    """Share of the mean way, beyond what the same handling does to clean works."""
    way = aim.mean(0) - now.mean(0)
    apart = learner.latents(seen).mean(0) - learner.latents(clean).mean(0)
    return round(((apart * way).sum() / way.square().sum()).item(), 3)


def taken(
    asked: argparse.Namespace,
    kind: str,
    works: Tensor,
    restyled: Tensor,
    every: dict[str, Measures],
) -> Tensor:
    """The works as whoever trains on them gets them. The blend is as visible as the cloak by
    latents."""
    if kind == "clean":
        return works
    name = "latents" if kind == "blend" else kind
    seen = cloaked(works, restyled, every[name], cloaks(asked, name), asked.steps)
    if kind == "blend":
        return lesson.blends(works, seen, restyled)
    return seen


def cloaks(asked: argparse.Namespace, name: str) -> Path:
    """Where the works cloaked by that measure are kept."""
    return Path(asked.home / f"taken-up-{name.replace(' ', '-')}-{asked.side}-{asked.steps}.pt")


def table(file: Path) -> None:
    lines = common.grouped(rows(file), ("kind",), lesson.VALUES)
    common.write_table(file, lines, {"steps measure": "{kind}"}, (*lesson.COLUMNS, *lesson.SEEN))


def main() -> None:
    asked = lesson.options(__doc__, side=64, seeds=3)
    asked.add_argument("--steps", type=int, default=40, help="of a cloak")
    given = asked.parse_args()
    given.out = base.RESULTS / f"taken-up-{given.side}.jsonl"
    if not given.table:
        run(given)
        mean_moves(given)
    table(given.out)


if __name__ == "__main__":
    main()
