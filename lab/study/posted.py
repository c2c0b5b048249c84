"""Does a cloak survive being made smaller? python -m lab.study.posted [--seeds N] [--table]

The study's works are protected at the size at which they are posted, reduced by area means to the
size at which the model learns, and learnt by the base model of cloak.py: with the method before
(c1768e7) and with the engine as it ships, both also `told` at which size models learn: their
training sizes are the study's and twice that, as 512 and 1024 px are otherwise. Beside them stand
clean works and the blend that is as visible as `now told`. `+JPEG 75`: the posted copy was saved as
a JPEG first.

All are made with the surrogate that ships, the default effort and SSIMULACRA2 70; the surrogate
imitates the encoder that the model looks through.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import torch
from glassine.evidence.controls import blended
from glassine.explore import canvas, training_sizes, views
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.pixels.area import area
from glassine.pixels.grid import on_grid
from glassine.types import Artwork, Intent
from torch import Tensor

from ..bench import before
from ..bench.effect import EMBEDDED, SCORE
from ..rows import Row, note, rows
from . import base, cloak, common, judge, pictures, small, taken_up

LEARNER_STEPS, SAMPLES = taken_up.LEARNER_STEPS, taken_up.SAMPLES
TOLD = " told"
KINDS = (
    *("clean", "before told", "now told", "blend", "before", "now"),
    *("before told+JPEG 75", "now told+JPEG 75"),
)
CODEC = "jpeg75"


@contextmanager
def learnt_at(side: int) -> Iterator[None]:
    """Inside it the engine takes these as the sizes at which models learn: `side` and its double,
    as 512 px and its double are."""
    sizes = {2 * side: "study", side: "study"}
    with (
        patch.object(training_sizes, "SIZES", sizes),
        patch.object(views, "SIZES", sizes),
        patch.object(canvas, "LARGEST", canvas.MOST * max(sizes)),
        patch.object(before, "SIZES", sizes),
    ):
        yield


def made(name: str, work: Tensor, goal: Tensor, at: int, side: int) -> Tensor:
    """(3, P, P): the finished copy at the posted size."""
    if name.endswith(TOLD):
        with learnt_at(side):
            return made(name.removesuffix(TOLD), work, goal, at, side)
    if name == "before":
        change = before.change(work, goal, EMBEDDED, 10, SCORE)
        return on_grid(before.settled(work, change, SCORE), 8)
    intent = Intent(target=goal, surrogates=EMBEDDED, strength=SCORE, seed=1 + at)
    return settle(optimise(plan(Artwork(work), intent))).rgb


def posted(name: str, works: Tensor, goals: Tensor, asked: argparse.Namespace) -> Tensor:
    """(N, 3, P, P), kept between runs."""
    file = asked.home / f"posted-{name.replace(' ', '-')}-{asked.posted}-{asked.side}.pt"
    done = list(torch.load(file, weights_only=True)) if file.exists() else []
    for at in range(len(done), len(works)):
        done.append(made(name, works[at], goals[at], at, asked.side))
        torch.save(torch.stack(done), file)
        print(name, at + 1, "of", len(works), flush=True)
    return torch.stack(done)


def taken(kind: str, works: Tensor, goals: Tensor, asked: argparse.Namespace) -> Tensor:
    """(N, 3, P, P): what is posted."""
    name, _, codec = kind.partition("+")
    if name == "clean":
        return works
    if name == "blend":
        trio = zip(works, posted("now told", works, goals, asked), goals, strict=True)
        return torch.stack([on_grid(blended(*three), 8) for three in trio])
    seen = posted(name, works, goals, asked)
    return common.purified(seen, CODEC) if codec else seen


def run(asked: argparse.Namespace) -> None:
    first, later = pictures.split(pictures.portraits())
    learner = base.model(asked.home, side=asked.side)
    sees, _ = base.style_judge(asked.home, learner)
    works, goals = cloak.pair(asked.home, "portraits-later", later, asked.posted, cloak.WORKS)
    others, beside = cloak.pair(asked.home, "portraits-first", first, asked.side)
    styles = {"artist": judge.grams(others), "target": judge.grams(beside)}
    now, aim = (learner.latents(smaller(part, asked.side)) for part in (works, goals))
    done = {(row["kind"], row["seed"]) for row in rows(asked.out)}
    for seed in range(asked.seeds):
        for kind in KINDS:
            if (kind, seed) in done or (asked.only and kind not in asked.only.split(",")):
                continue
            whole = taken(kind, works, goals, asked)
            latents = learner.latents(smaller(whole, asked.side))
            tuned = learner.finetuned(
                latents, [cloak.CAPTION] * len(works), seed=seed, steps=LEARNER_STEPS
            )
            shown = tuned.sampled(cloak.CAPTION, SAMPLES, seed=100 + seed)
            row: Row = {"kind": kind, "seed": seed, "side": asked.side, "posted": asked.posted}
            row |= {
                name: taken_up.looked(judged, works, whole)
                for name, judged in taken_up.HELD_OUT.items()
            }
            row["closed"] = common.closed(now, latents, aim)
            row["along"] = common.along(learner.latents(shown), now, aim)
            note(asked.out, row | cloak.measured(shown, sees, styles))


def smaller(whole: Tensor, side: int) -> Tensor:
    return torch.stack([area(one, side, side) for one in whole])


def table(file: Path) -> None:
    lines = common.grouped(rows(file), ("kind",), taken_up.VALUES)
    columns = (*taken_up.COLUMNS, *taken_up.SEEN)
    common.write_table(file, lines, {"fine-tuned on": "{kind}"}, columns)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--side", type=int, default=128, help="at which the model learns")
    asked.add_argument("--posted", type=int, default=512, help="side of the posted works")
    asked.add_argument("--seeds", type=int, default=3)
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--only", help="kinds to run, with commas")
    asked.add_argument("--table", action="store_true", help="only make the table again")
    given = asked.parse_args()
    given.out = base.RESULTS / f"posted-{given.side}.jsonl"
    if not given.table:
        run(given)
    table(given.out)


if __name__ == "__main__":
    main()
