"""Effect left at the sizes of training, beside the method before and the blend.

    python -m lab.bench.reduced PICTURE PICTURE... [--side 1024] [--sizes 384,512,640,768]

Each picture's middle square of `--side` pixels is pulled towards the next one's with the embedded
surrogate and measured on the five real encoders: reduced to `--sizes` (by area means), and after
JPEG 75 where the picture's own size is among these. `ratios` compares at equal visibility, judge by
judge: the method before and the blend are made at several strengths, and their effect is
interpolated to where that judge rates them like ours. Rows of finished pictures are kept in
results/reduced-SIDE.json, so that a long run resumes.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from glassine.explore.training_sizes import lengths
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.recipes import STEPS
from glassine.flow.settle import settle
from glassine.pixels.area import area
from glassine.pixels.grid import on_grid
from glassine.pixels.resize import lanczos
from glassine.purifiers import PURIFIERS
from glassine.types import Artwork, Intent
from glassine.visibility import colour_shift, fsim, haarpsi_figure, lpips, mdsi, ssimulacra2, vsi
from torch import Generator, Tensor

from . import before
from .effect import EMBEDDED, FAMILIES, SCORE, blend, closed
from .record import kept, save, spread

JUDGES = {
    "ssimulacra2": ssimulacra2,
    "haarpsi": haarpsi_figure,
    "lpips": lpips,
    "colour": colour_shift,
    "fsim": fsim,
    "vsi": vsi,
    "mdsi": mdsi,
}
FACTORS = (0.4, 0.7, 1.0, 1.4)  # of the change at SCORE; effects are interpolated between these
JPEG = "JPEG 75"


def square(path: Path, side: int) -> Tensor:
    """The middle of the picture, reduced until its shorter side is `side`."""
    rgb = read(path).rgb
    factor = side / min(rgb.shape[1:])
    height, width = (round(length * factor) for length in rgb.shape[1:])
    top, left = (height - side) // 2, (width - side) // 2
    return on_grid(lanczos(rgb, height, width)[:, top : top + side, left : left + side], 8)


def mean(shares: dict[str, float]) -> float:
    return sum(shares[family] for family in FAMILIES) / len(FAMILIES)


def seen(clean: Tensor, other: Tensor) -> dict[str, float]:
    return {name: float(judge(clean, other) or 0.0) for name, judge in JUDGES.items()}


def effects(clean: Tensor, other: Tensor, goal: Tensor, sizes: list[int]) -> dict[str, float]:
    """Size or handling -> share of the gap closed, mean over the five real encoders."""
    found = {}
    for size in sizes:
        at = lengths(clean.shape[1], clean.shape[2], size, 8)
        found[str(size)] = mean(closed(*(area(x, *at) for x in (clean, other, goal))))
    if clean.shape[1] in sizes:
        coded = PURIFIERS["jpeg75"].apply(other, Generator().manual_seed(0))
        found[JPEG] = mean(closed(clean, coded, goal))
    return found


def ladder(clean: Tensor, change: Tensor, goal: Tensor, sizes: list[int]) -> list[dict[str, Any]]:
    """The same change at several strengths around SCORE."""
    whole = before.settled(clean, change, SCORE) - clean
    rows = []
    for factor in FACTORS:
        other = on_grid((clean + factor * whole).clamp(0, 1), 8)
        rows.append({"seen": seen(clean, other), "effects": effects(clean, other, goal, sizes)})
    return rows


def read_off(rows: list[dict[str, Any]], judge: str, value: float, where: str) -> float:
    """A method's effect where a judge says `value`, interpolated between neighbouring rows."""
    pairs = sorted((row["seen"][judge], row["effects"][where]) for row in rows)
    said, effect = zip(*pairs, strict=True)
    return float(np.interp(value, said, effect))


def measured(clean: Tensor, goal: Tensor, sizes: list[int], steps: int) -> dict[str, Any]:
    wanted = Intent(target=goal, seed=1, surrogates=EMBEDDED, strength=SCORE)
    began = time.process_time()
    moved = before.change(clean, goal, EMBEDDED, 10, SCORE)
    middle = time.process_time()
    change = optimise(replace(plan(Artwork(clean), wanted, device="cpu"), steps=steps))
    ended = time.process_time()
    at_score = before.settled(clean, change.pixels.float(), SCORE)
    looks, ours = seen(clean, at_score), effects(clean, at_score, goal, sizes)
    others = {
        name: ladder(clean, x, goal, sizes)
        for name, x in (("before", moved), ("blend", blend(clean, goal) - clean))
    }
    finished = settle(change).rgb
    return {
        "seconds": {"before": middle - began, "now": ended - middle},
        "seen": looks,
        "effects": ours,
        "finished": seen(clean, finished) | effects(clean, finished, goal, sizes),
        **others,
        "ratios": {
            name: {
                judge: {at: ours[at] / max(read_off(rows, judge, value, at), 1e-6) for at in ours}
                for judge, value in looks.items()
            }
            for name, rows in others.items()
        },
    }


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread over the pictures of every ratio, and of the effects at SCORE."""
    some, all_of = next(iter(rows.values())), list(rows.values())
    return {
        "effects": {at: spread([row["effects"][at] for row in all_of]) for at in some["effects"]},
        "seconds now over before": spread(
            [row["seconds"]["now"] / row["seconds"]["before"] for row in all_of]
        ),
        **{
            f"over {name}": {
                judge: {
                    at: spread([row["ratios"][name][judge][at] for row in all_of])
                    for at in some["effects"]
                }
                for judge in JUDGES
            }
            for name in ("before", "blend")
        },
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("pictures", type=Path, nargs="+")
    asked.add_argument("--side", type=int, default=1024)
    asked.add_argument("--sizes", default="384,512,640,768")
    asked.add_argument("--steps", type=int, default=STEPS["quick"])
    args = asked.parse_args()
    sizes = [int(size) for size in args.sizes.split(",")]
    about = {"side": args.side, "sizes": sizes, "steps": args.steps}
    name = f"reduced-{args.side}"
    rows = kept(name, about, "pictures")
    others = args.pictures[1:] + args.pictures[:1]
    for path, other in zip(args.pictures, others, strict=True):
        if path.stem in rows:
            continue
        clean, goal = square(path, args.side), square(other, args.side)
        rows[path.stem] = measured(clean, goal, sizes, args.steps)
        print(path.stem, rows[path.stem]["ratios"], flush=True)
        save(name, {**about, "summary": summary(rows), "pictures": rows})


if __name__ == "__main__":
    main()
