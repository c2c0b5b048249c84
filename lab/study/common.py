"""What the experiments share: arguments, protecting sets, controls, rows that are kept, tables."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean, stdev
from typing import Any, NamedTuple

import torch
from glassine.evidence.controls import blended, scattered
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.pixels.grid import on_grid, to_array
from glassine.purifiers import PURIFIERS
from glassine.types import Artwork, Intent
from glassine.units import Levels, Score
from PIL import Image
from torch import Tensor

from ..rows import Row
from . import base, small
from .learners import Learner

RESULTS = Path(__file__).parent / "results"
REACH = {70: 8, 55: 8, 30: 16, 0: 32, -100: 64}
"""SSIMULACRA2 -> levels that the optimiser may explore: a score far below 70 is not reached with
the eight of the engine's recipes. -100 is a ruined picture."""


def arguments(name: str, steps: int, samples: int) -> argparse.Namespace:
    asked = argparse.ArgumentParser()
    asked.add_argument("--model", type=Path, help="a local Stable Diffusion in diffusers' layout")
    asked.add_argument("--side", type=int, default=small.SIDE, help="of the small model")
    asked.add_argument("--home", type=Path, default=small.HOME)
    asked.add_argument("--out", type=Path, help="rows; without it in results/, one file a model")
    asked.add_argument("--seeds", type=int, default=2)
    asked.add_argument("--steps", type=int, default=steps, help="of fine-tuning")
    asked.add_argument("--samples", type=int, default=samples)
    asked.add_argument("--surrogates", default="sd15")
    asked.add_argument("--eyes", choices=small.EYES, default="taesd", help="of the small model")
    asked.add_argument("--only", help="kinds to run, with commas")
    asked.add_argument("--until", help="HH:MM; no run is begun after it")
    asked.add_argument("--table", action="store_true", help="only make the tables again")
    given = asked.parse_args()
    learnt = given.model.name if given.model else given.side
    learnt = learnt if given.eyes == "taesd" else f"{given.eyes}-{learnt}"
    given.out = given.out or RESULTS / f"{name}-{learnt}.jsonl"
    given.settings = {k: getattr(given, k) for k in ("steps", "samples", "surrogates")}
    return given


def main(
    name: str,
    run: Callable[[argparse.Namespace], None],
    table: Callable[[Path], None],
    *,
    steps: int,
    samples: int,
) -> None:
    """An experiment's command line: its runs, unless only the tables are asked for."""
    asked = arguments(name, steps, samples)
    if not asked.table:
        run(asked)
    table(asked.out)


def learner(asked: argparse.Namespace) -> Learner:
    """The small model, or a Stable Diffusion: both offer latents, finetuned, sampled, describe."""
    if asked.model:
        from . import stable

        return stable.Stable(asked.model)
    return base.model(asked.home, asked.eyes, asked.side)


def judges_eye(asked: argparse.Namespace, learner: Learner) -> small.Small:
    """The small model through whose encoder the judges' pictures went; of the samples' size, but
    128 px at most."""
    side = min(learner.side, base.MASTER)
    return small.Small([], small.EYES[asked.eyes](asked.home), side=side)


def wanted(asked: argparse.Namespace, kind: str) -> bool:
    """Whether that kind was asked for and there is time to begin it."""
    late = asked.until and time.strftime("%H:%M") > asked.until
    return not late and (not asked.only or kind in asked.only.split(","))


def protected(
    pictures: Tensor,
    targets: Tensor,
    *,
    surrogates: str,
    score: int,
    home: Path,
    name: str,
    steps: int = 10,
    seed: int = 1,
) -> Tensor:
    """(N, 3, S, S): each picture pulled towards its target, kept between runs.

    targets: (3, S, S) for all of them (poison: one anchor), or one each (cloak: its restyling)
    """
    file = home / f"{name}-{surrogates}-{score}-{pictures.shape[-1]}.pt"
    done = list(torch.load(file, weights_only=True).float()) if file.exists() else []
    for at in range(len(done), len(pictures)):
        target = targets if targets.dim() == 3 else targets[at]
        intent = Intent(
            target=target,
            surrogates=tuple(surrogates.split(",")),
            strength=Score(score),
            seed=seed + at,
        )
        made = plan(Artwork(pictures[at]), intent)
        recipe = replace(made.recipe, reach=Levels(REACH[score]))
        made = replace(made, steps=steps, held_out=(), recipe=recipe)
        done.append(settle(optimise(made)).rgb)
        if at % 10 == 9 or at + 1 == len(pictures):
            torch.save(torch.stack(done), file)
            print(f"{file.stem}: {at + 1} of {len(pictures)}", flush=True)
    return torch.stack(done)[: len(pictures)]


def controls(clean: Tensor, seen: Tensor, targets: Tensor, file: Path) -> list[Tensor]:
    """Controls of the same visibility: the change scattered, and a plain blend with the target."""
    if not file.exists():
        rows = []
        for at, (a, b) in enumerate(zip(clean, seen, strict=True)):
            target = targets if targets.dim() == 3 else targets[at]
            rows.append((on_grid(scattered(a, b, at), 8), on_grid(blended(a, b, target), 8)))
        torch.save([torch.stack(part) for part in zip(*rows, strict=True)], file)
    both: list[Tensor] = torch.load(file, weights_only=True)
    return both


def purified(pictures: Tensor, name: str, seed: int = 0) -> Tensor:
    apply = PURIFIERS[name].apply
    draws = [torch.Generator().manual_seed(seed + at) for at in range(len(pictures))]
    return torch.stack([apply(one, draw) for one, draw in zip(pictures, draws, strict=True)])


def closed(clean: Tensor, now: Tensor, aim: Tensor) -> float:
    """Mean share of the latent distance to the aim that was covered: 0 nothing, 1 arrived."""
    before, after = ((aim - z).flatten(1).norm(dim=1) for z in (clean, now))
    return float((1 - after / before).mean())


def along(samples: Tensor, origin: Tensor, aim: Tensor) -> float:
    """How far the samples' mean latent is on the way from the real works' mean to the aim's: 0 at
    the works', 1 at the aim's."""
    start, way = origin.mean(0), aim.mean(0) - origin.mean(0)
    return float((samples.mean(0) - start).flatten() @ way.flatten() / way.square().sum())


def sheet(file: Path, shown: Tensor, across: int = 8) -> None:
    """A page of samples to look at."""
    file.parent.mkdir(parents=True, exist_ok=True)
    shown = shown[: len(shown) // across * across] if len(shown) > across else shown
    lines = [torch.cat(list(line), 2) for line in torch.split(shown, across)]
    Image.fromarray(to_array(torch.cat(lines, 1), 8)).save(file)


def grouped(found: Iterable[Row], by: Sequence[str], values: Sequence[str]) -> list[Row]:
    """Rows -> one per value of `by`, in order of appearance, with mean, spread and count of seeds.

    spread: sample standard deviation over seeds; None where there is one seed only
    """
    groups: dict[tuple[Any, ...], list[Row]] = {}
    for row in found:
        groups.setdefault(tuple(row[k] for k in by), []).append(row)
    lines = []
    for names, same in groups.items():
        cells = dict(zip(by, names, strict=True)) | {"seeds": len(same)}
        for value in values:
            given = [row[value] for row in same if row.get(value) is not None]
            cells[value] = round(fmean(given), 3) if given else None
            cells[f"{value}_spread"] = round(stdev(given), 3) if len(given) > 1 else None
        lines.append(cells)
    return lines


def said(line: Row, value: str, digits: int = 2) -> str:
    """'0.12 ± 0.03', or '0.12' of one seed, or a dash."""
    if line[value] is None:
        return "-"
    spread = line[f"{value}_spread"]
    return f"{line[value]:.{digits}f}" + ("" if spread is None else f" ± {spread:.{digits}f}")


class Column(NamedTuple):
    """Of a table: its title, the value that stands in it, and to how many digits."""

    title: str
    value: str
    digits: int = 2


def write_table(
    file: Path, lines: Sequence[Row], named: Mapping[str, str], columns: Sequence[Column]
) -> None:
    """Lines of `grouped` beside the rows' file, as JSON and as Markdown, and on the terminal.

    named: title -> what it has of a line's names, as a format string; the runs are counted last
    """
    file.with_suffix(".json").write_text(json.dumps(lines, indent=1) + "\n")
    text = [
        (
            *(form.format_map(line) for form in named.values()),
            *(said(line, one.value, one.digits) for one in columns),
            str(line["seeds"]),
        )
        for line in lines
    ]
    whole = markdown((*named, *(one.title for one in columns), "runs"), text)
    file.with_suffix(".md").write_text(whole)
    print(whole)


def markdown(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """Column titles and rows of text -> a table whose first column is words, the others numbers."""
    rule = ["---"] + ["---:"] * (len(head) - 1)
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, rule, *lines)) + "\n"
