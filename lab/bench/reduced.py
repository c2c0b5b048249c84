"""Effect left at the sizes of training, beside the method before and the blend.

    python -m lab.bench.reduced PICTURE PICTURE... [--side 1024] [--shape 2:3] \
        [--sizes "384,512,640,768,768 lanczos"] [--again]

Each picture's middle, of `--shape` and with the area of a square of `--side` pixels, is pulled
towards the next one's with the embedded surrogate and measured on the five real encoders: reduced
to `--sizes` (by area means, or by another kernel that is named behind it), and after JPEG 75 where
the picture's own size is among these. What is measured is the finished picture, which is inside
every limit. `ratios` compares at equal visibility: with the method before where each judge rates it
like ours (alike.py), and with the blend at our SSIMULACRA2. Rows of finished pictures are kept in
results/reduced-SIDE.json, so that a long run resumes. `--again` measures the finished pictures
anew; rows of the method before are kept, because it does not change and takes most of the time,
and more are made where none is rated like ours.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from glassine.explore.training_sizes import lengths
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.settle import settle
from glassine.pixels.area import area
from glassine.pixels.grid import on_grid
from glassine.pixels.resize import lanczos
from glassine.purifiers import PURIFIERS
from glassine.surrogates.encoders import encoders
from glassine.types import Artwork, Intent
from glassine.units import Score
from torch import Generator, Tensor

from .alike import Row, earlier, judges_of, read_off, stronger, weaker
from .effect import EMBEDDED, EXACT, FAMILIES, SCORE, blend
from .judges import at_hand
from .record import commit, kept, save, spread

JUDGES = at_hand()
JPEG = "JPEG 75"

Effects = dict[str, float]
"""Size or handling -> share of the gap closed, mean over the five real encoders."""


def middle(path: Path, side: int, shape: str = "1:1") -> Tensor:
    """The picture's middle, with the area of a square of that side.

    shape  height and width, in parts; where they differ, the nearest multiples of 64 are taken
    """
    rgb = read(path).rgb
    tall, broad = map(int, shape.split(":"))
    high, wide = lengths(tall, broad, side, 1 if tall == broad else 64)
    factor = max(high / rgb.shape[1], wide / rgb.shape[2])
    height, width = (round(length * factor) for length in rgb.shape[1:])
    top, left = (height - high) // 2, (width - wide) // 2
    return on_grid(lanczos(rgb, height, width)[:, top : top + high, left : left + wide], 8)


def mean(shares: dict[str, float]) -> float:
    return sum(shares[family] for family in FAMILIES) / len(FAMILIES)


def seen(clean: Tensor, other: Tensor) -> dict[str, float]:
    return {name: float(judge(clean, other) or 0.0) for name, judge in JUDGES.items()}


def bicubic(picture: Tensor, height: int, width: int) -> Tensor:
    return F.interpolate(picture[None], (height, width), mode="bicubic", antialias=True)[0]


KERNELS = {"": area, "lanczos": lanczos, "bicubic": bicubic}


def reduced(picture: Tensor, size: str) -> Tensor:
    """size  side in pixels of a square with as many pixels, and perhaps one of KERNELS"""
    side, _, kernel = size.partition(" ")
    high, wide = lengths(picture.shape[1], picture.shape[2], int(side), 8)
    return KERNELS[kernel](picture, high, wide)


def effects(clean: Tensor, other: Tensor, goal: Tensor, sizes: Sequence[str]) -> Effects:
    return ruler(clean, goal, sizes)(other)


@torch.no_grad()
def ruler(
    clean: Tensor, goal: Tensor, sizes: Sequence[str], families: Sequence[str] = FAMILIES
) -> Callable[[Tensor], Effects]:
    """Measures effects on one pair, as means over these families' real encoders; what they see of
    the pair itself is computed once."""
    nets = [net for name in families for net in encoders(name, EXACT).values()]

    def latents(picture: Tensor, size: str) -> list[Tensor]:
        small = reduced(picture, size)
        return [encode(small[None]) for encode in nets]

    ends = {size: (latents(clean, size), latents(goal, size)) for size in sizes}

    def share(picture: Tensor, size: str) -> float:
        pairs = zip(*ends[size], latents(picture, size), strict=True)
        left = [float((now - there).norm() / (start - there).norm()) for start, there, now in pairs]
        return 1 - sum(left) / len(left)

    @torch.no_grad()
    def effects_of(other: Tensor) -> Effects:
        found = {size: share(other, size) for size in sizes}
        if (own := str(clean.shape[1])) in sizes:
            coded = PURIFIERS["jpeg75"].apply(other, Generator().manual_seed(0))
            found[JPEG] = share(coded, own)
        return found

    return effects_of


def measured(
    clean: Tensor, goal: Tensor, sizes: Sequence[str], steps: int | None, old: Row | None = None
) -> Row:
    """old  an earlier row of the same pair, whose method before counts"""
    wanted = Intent(target=goal, seed=1, surrogates=EMBEDDED, strength=SCORE)
    measure = ruler(clean, goal, sizes)

    def rate(other: Tensor) -> Row:
        return {"seen": seen(clean, other), "effects": measure(other)}

    began = time.process_time()
    made = plan(Artwork(clean), wanted, device="cpu")
    change = optimise(replace(made, steps=steps or made.steps))
    ended = time.process_time()
    ours = rate(settle(change).rgb)
    rows, seconds = earlier(clean, goal, rate, ours["seen"], old["before"] if old else [])
    control = rate(blend(clean, goal, Score(ours["seen"]["ssimulacra2"])))
    return {
        "steps": change.plan.steps,
        "commit": commit(),
        "seconds": {**seconds, "now": ended - began},
        **ours,
        **compared(ours, rows, control),
    }


def compared(ours: Row, rows: list[Row], control: Row) -> Row:
    """Ours beside the method before and the blend: all of their rows, and the ratios.

    not alike  judges of whom no strength of the method before shows as little or as much as ours
    """
    seen, effects = ours["seen"], ours["effects"]
    return {
        "before": rows,
        "not alike": sorted({*weaker(rows, seen), *stronger(rows, seen)}),
        "blend": control,
        "ratios": {
            "before": {
                judge: {
                    at: effect / max(read_off(rows, judge, seen[judge], at), 1e-6)
                    for at, effect in effects.items()
                }
                for judge in judges_of(rows)
            },
            "blend": {
                at: effect / max(control["effects"][at], 1e-6) for at, effect in effects.items()
            },
        },
    }


def timed(rows: list[Row]) -> list[tuple[float, float]]:
    """Seconds now and before, of the rows in which both were measured, one after the other."""
    pairs = [row["seconds"] for row in rows if "before" in row["seconds"]]
    return [(seconds["now"], seconds["before"]) for seconds in pairs]


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Mean and spread over the pictures of every ratio, and of the effects."""
    some, all_of = next(iter(rows.values())), list(rows.values())
    slower = [now / then for now, then in timed(all_of)]
    return {
        "effects": {at: spread([row["effects"][at] for row in all_of]) for at in some["effects"]},
        **({"seconds now over before": spread(slower)} if slower else {}),
        "over before": {
            judge: {
                at: spread([row["ratios"]["before"][judge][at] for row in all_of])
                for at in some["effects"]
            }
            for judge in JUDGES
            if all(judge in row["ratios"]["before"] for row in all_of)
        },
        "over blend": {
            at: spread([row["ratios"]["blend"][at] for row in all_of]) for at in some["effects"]
        },
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("pictures", type=Path, nargs="+")
    asked.add_argument("--side", type=int, default=1024)
    asked.add_argument("--shape", default="1:1", help="height and width, in parts")
    asked.add_argument("--sizes", default="384,512,640,768")
    asked.add_argument("--steps", type=int, help="in place of those of the default effort")
    asked.add_argument("--again", action="store_true", help="measure kept rows anew: see above")
    args = asked.parse_args()
    sizes = args.sizes.split(",")
    about = {"side": args.side, "sizes": sizes, "steps": args.steps or "default"}
    name = f"reduced-{args.side}" + (
        "" if args.shape == "1:1" else "-" + args.shape.replace(":", "x")
    )
    rows = kept(name, about, "pictures")
    others = args.pictures[1:] + args.pictures[:1]
    for path, other in zip(args.pictures, others, strict=True):
        found = rows.get(path.stem)
        if found and not (args.again and found.get("commit") != commit()):
            continue
        clean, goal = (middle(one, args.side, args.shape) for one in (path, other))
        rows[path.stem] = measured(clean, goal, sizes, args.steps, found)
        print(path.stem, rows[path.stem]["ratios"], flush=True)
        save(name, {**about, "summary": summary(rows), "pictures": rows})


if __name__ == "__main__":
    main()
