"""What `glassine probe embedded` says of pictures that the research surrogate learnt.

    python -m lab.study.known [--each N] [--out FOLDER] [--write]

The research surrogate that ships was trained on the first half of the study's pictures (`base.py`).
From each concept the same number of pictures is taken three times: learnt ones, and twice ones of
the later half, without those that have a twin among the others. The probe's question about the loss
is asked of all of them by the command itself, once for the learnt ones and, as a control, once for
unseen ones, both against the other unseen ones. Figures go to results/known.json; --write puts them
between two marks of docs/probe.md.

It needs the pictures (`python -m lab.study.pictures`) and no checkpoint.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from glassine.pixels.grid import to_array
from glassine.probe.pack import JSON
from glassine.probe.statistics import area_under_curve, permutation_test, true_at_false
from PIL import Image

from ..bench.record import circumstances
from . import pictures, probed, small
from .pictures import Captioned

RESULT = Path(__file__).parent / "results" / "known.json"
START = "<!-- figures: lab/study/known.py -->"
SIDE, EACH = 128, 12
TWINS, SMALL = 0.01, 32
"""Mean difference up to which two pictures, reduced to SMALL pixels, count as one: the packages
hold some pictures under several names."""
SETS = {"learnt": 0, "unseen": 1, "beside": 1}
"""Set -> the half of the study's pictures that it is drawn from; `beside` are the controls."""
START_AT = {"learnt": 0, "unseen": 0, "beside": 1}
"""Set -> which of two alternating shares of that half."""
EFFORT = ("--ask", "membership", "--no-canaries", "--device", "cpu", "--words", "")


def chosen(half: Sequence[Captioned], each: int, start: int) -> list[Captioned]:
    """That many pictures of each concept, evenly drawn, from the `start`-th of two shares."""
    found = []
    for label in pictures.CONCEPTS:
        own = [one for one in half if one.label == label][start::2]
        step = len(own) / each
        found += [own[int(at * step)] for at in range(each)]
    return found


def strangers(first: Sequence[Captioned], later: Sequence[Captioned]) -> list[Captioned]:
    """The pictures of the later half that have no twin, neither learnt nor before them."""
    known, found = torch.stack([pictures.opened(one.path, SMALL) for one in first]), []
    for one in later:
        shown = pictures.opened(one.path, SMALL)
        if (known - shown).abs().mean((1, 2, 3)).min() > TWINS:
            known = torch.cat((known, shown[None]))
            found.append(one)
    return found


def laid_out(out: Path, data: Path, each: int) -> dict[str, Path]:
    """A folder for each set, its pictures at the size of the training and their words beside
    them."""
    first, later = pictures.split(pictures.concepts(data))
    halves, made = (first, strangers(first, later)), dict[str, Path]()
    for name, half in SETS.items():
        made[name] = out / name
        made[name].mkdir(parents=True, exist_ok=True)
        for at, one in enumerate(chosen(halves[half], each, START_AT[name])):
            file = made[name] / f"{one.label}-{at:03}.png"
            Image.fromarray(to_array(pictures.opened(one.path, SIDE), 8)).save(file)
            file.with_suffix(".txt").write_text(one.caption)
    return made


def asked(works: Path, beside: Path, out: Path) -> dict[str, Any]:
    """The evidence of the command about those works against those controls; it keeps answers."""
    words = ["probe", "embedded", works, "--against", beside, "-o", out, *EFFORT]
    subprocess.run([sys.executable, "-m", "glassine.cli", *map(str, words)], check=True)
    told: dict[str, Any] = json.loads((out / JSON).read_text())
    return told


def figures(told: dict[str, Any]) -> dict[str, Any]:
    """What one run found: the command's own test and sentence, and how small sets would fare."""
    (question,) = told["questions"]
    works, beside = ([one["score"] for one in question[name]] for name in ("works", "controls"))
    return {
        "works": len(works),
        "beside": len(beside),
        "p": question["test"]["p"],
        "says": question["says"]["says"],
        "auc": round(area_under_curve(works, beside), 3),
        "true_at_1_percent": round(true_at_false(works, beside), 3),
        "small_sets_found": small_sets(works, beside),
    }


def small_sets(works: Sequence[float], beside: Sequence[float]) -> float:
    """Share of TIMES sets of SET works, against BESIDE controls each, with p up to .05."""
    draw, found = np.random.default_rng(0), 0
    for at in range(probed.TIMES):
        ours = draw.permutation(works)[: probed.SET].tolist()
        theirs = draw.permutation(beside)[: probed.BESIDE].tolist()
        found += permutation_test(ours, theirs, seed=at).p <= 0.05
    return found / probed.TIMES


def run(out: Path, data: Path, each: int) -> dict[str, Any]:
    made = laid_out(out, data, each)
    beside = made.pop("beside")
    answers = {name: asked(works, beside, out / "asked") for name, works in made.items()}
    (first, *_) = answers.values()
    return {
        "model": first["model"],
        "asked": first["asked"],
        "processor_seconds": round(os.times().children_user),
        "sets": {name: figures(told) for name, told in answers.items()},
        "circumstances": circumstances(),
    }


def worded(found: dict[str, Any]) -> str:
    """The figures as Markdown."""
    head = "| works | area under the curve | true positives at 1 % false | p of the set "
    lines = [f"{head}| sets of {probed.SET} with p up to .05 |", "|---|---:|---:|---:|---:|"]
    for name, row in found["sets"].items():
        cells = [probed.short(row[key]) for key in ("auc", "true_at_1_percent", "p")]
        share = probed.short(row["small_sets_found"])
        lines.append(" | ".join((f"| {name}, {row['works']}", *cells, share)) + " |")
    told = [f"Of the {name} ones it says: “{row['says']}”" for name, row in found["sets"].items()]
    return "\n".join((*lines, "", *told))


def main() -> None:
    asked_for = argparse.ArgumentParser(description=__doc__)
    asked_for.add_argument("--data", type=Path, default=pictures.DATA)
    asked_for.add_argument("--out", type=Path, default=small.HOME / "known")
    asked_for.add_argument("--each", type=int, default=EACH, help="pictures of each concept")
    asked_for.add_argument(
        "--write", action="store_true", help="put the figures into docs/probe.md"
    )
    given = asked_for.parse_args()
    found = run(given.out, given.data, given.each)
    RESULT.write_text(json.dumps(found, indent=1) + "\n")
    print(worded(found))
    if given.write:
        probed.write(worded(found), START)


if __name__ == "__main__":
    main()
