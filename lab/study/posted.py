"""Does a cloak survive being made smaller? python -m lab.study.posted [--seeds N] [--table]

The study's works are protected at the size at which they are posted, reduced by area means to the
size at which the model learns, and learnt by the base model of cloak.py: with the method before
(c1768e7) and with the engine as it ships, both also `told` at which size models learn: their
training sizes are the study's and twice that, as 512 and 1024 px are otherwise. Beside them stand
clean works, the blend that is as visible as `now told` to SSIMULACRA2, and, `as visible`, the
copies of the method before, made stronger until FSIM, which is held out, rates them like those of
`now told`. `thorough` takes the steps of effort "full". `+JPEG 75`: the posted copy was saved as
a JPEG first.

All are made with the surrogate that ships, the default effort if none is named, and SSIMULACRA2
70; the surrogate imitates the encoder that the model looks through.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from unittest.mock import patch

import torch
from glassine.explore import canvas, training_sizes, views
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.flow.strength import scaled_to
from glassine.types import Artwork, Intent
from glassine.units import Score
from glassine.visibility.held_out import fsim
from torch import Tensor

from ..bench import before
from ..bench.effect import EMBEDDED, SCORE
from ..rows import Row, note, rows
from . import base, common, lesson

TOLD, POSTED = " told", 512
KINDS = (
    *("clean", "before told", "now told", "blend", "before", "now"),
    *("before told+JPEG 75", "now told+JPEG 75", "before as visible", "thorough told"),
)
CODEC = "jpeg75"
STRONGEST = 8.0
"""How many times as strong a change may be made to be as visible as another."""


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
        return before.settled(work, change, SCORE)
    intent = Intent(
        target=goal,
        surrogates=EMBEDDED,
        strength=SCORE,
        seed=1 + at,
        effort="full" if name == "thorough" else "quick",
    )
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
        return lesson.blends(works, posted("now told", works, goals, asked), goals)
    if name == "before as visible":
        earlier, now = (posted(one, works, goals, asked) for one in ("before told", "now told"))
        return torch.stack([as_visible(*trio) for trio in zip(works, earlier, now, strict=True)])
    seen = posted(name, works, goals, asked)
    return common.purified(seen, CODEC) if codec else seen


def as_visible(clean: Tensor, made: Tensor, as_this: Tensor) -> Tensor:
    """`made`, its change made larger or smaller until FSIM rates it like `as_this`."""
    change = made - clean

    def scored(factor: float) -> Score:
        return finely(fsim(clean, before.changed(clean, change, factor)))

    wanted = finely(fsim(clean, as_this))
    return before.changed(clean, change, scaled_to(wanted, scored, STRONGEST))


def finely(value: float | None) -> Score:
    """FSIM, as a score of which a hundredth of a point is a millionth: scaled_to is content with
    .15 of a point."""
    return Score(100 - 10_000 * (1 - (1.0 if value is None else value)))


def run(asked: argparse.Namespace) -> None:
    on = lesson.scene(asked, asked.posted)
    done = {(row["learner"], row["kind"], row["seed"]) for row in known(asked.out)}
    wanted = [kind for kind in KINDS if common.wanted(asked, kind)]
    for learner, seed, kind in product(asked.learners.split(","), range(asked.seeds), wanted):
        if (learner, kind, seed) in done:
            continue
        whole = taken(kind, on.works, on.goals, asked)
        latents = on.learner.latents(lesson.smaller(whole, asked.side))
        shown = lesson.drawn(lesson.taught(on.learner, latents, seed, learner), seed)
        row: Row = {"kind": kind, "learner": learner, "seed": seed}
        row |= {"side": asked.side, "posted": asked.posted}
        note(asked.out, row | lesson.told(on, whole, latents, shown))


def known(file: Path) -> list[Row]:
    """What is measured already; older rows are of all weights, and do not say so."""
    return [{"learner": lesson.LEARNERS[0], **row} for row in rows(file)]


def table(file: Path) -> None:
    lines = common.grouped(known(file), ("kind", "learner"), lesson.VALUES)
    lines.sort(key=lambda line: lesson.LEARNERS.index(line["learner"]))
    columns = (*lesson.COLUMNS, *lesson.SEEN)
    common.write_table(file, lines, {"fine-tuned on": "{kind}", "by": "{learner}"}, columns)


def main() -> None:
    asked = lesson.options(__doc__, side=128, seeds=3)
    lesson.ask_learners(asked)
    asked.add_argument("--posted", type=int, default=POSTED, help="side of the posted works")
    given = asked.parse_args()
    at = f"{given.side}" if given.posted == POSTED else f"{given.side}-{given.posted}"
    given.out = base.RESULTS / f"posted-{at}.jsonl"
    if not given.table:
        run(given)
    table(given.out)


if __name__ == "__main__":
    main()
