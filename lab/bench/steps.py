"""How much of the effect so many steps have: where preview, quick and full belong on the curve.

    python -m lab.bench.steps PICTURE PICTURE... [--side 256] [--sizes 128,256] [--steps 5,10,...]

Each picture's middle square of `--side` pixels is pulled towards the next one's with the embedded
surrogate, in so many steps, and settled as `protect` does: inside the limits of every judge. What
is said of the finished picture are the gap closed on the real five, at `--sizes` (by area) and
after JPEG 75 where its own size is among them, what the judges see, those that no step looks at
among them, and the processor seconds of the search. Beside it the ten steps of the method before
(c1768e7), at the same SSIMULACRA2. Finished rows are kept in results/steps-SIDE.json.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.types import Artwork, Intent
from torch import Tensor

from . import before
from .effect import EMBEDDED, SCORE
from .record import kept, save, spread
from .reduced import effects, middle, seen

STEPS = "5,10,15,20,30,40,60,120"
BEFORE = "before"


def searched(clean: Tensor, goal: Tensor, steps: int, sizes: list[str]) -> dict[str, Any]:
    wanted = Intent(target=goal, seed=1, surrogates=EMBEDDED, strength=SCORE)
    planned = replace(plan(Artwork(clean), wanted, device="cpu"), steps=steps)
    began = time.process_time()
    change = optimise(planned)
    ended = time.process_time()
    return row(clean, settle(change).rgb, goal, sizes, ended - began)


def as_before(clean: Tensor, goal: Tensor, sizes: list[str]) -> dict[str, Any]:
    began = time.process_time()
    change = before.change(clean, goal, EMBEDDED, 10, SCORE)
    ended = time.process_time()
    return row(clean, before.settled(clean, change, SCORE), goal, sizes, ended - began)


def row(
    clean: Tensor, after: Tensor, goal: Tensor, sizes: list[str], seconds: float
) -> dict[str, Any]:
    closed = effects(clean, after, goal, sizes)
    return {"effects": closed, "seen": seen(clean, after), "seconds": seconds}


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Over the pictures that have all rows, as shares of the row with the most steps: effects, MDSI
    (no step looks at it) and seconds, so that a little more effect is seen beside its price."""
    most = max((int(name) for one in rows.values() for name in one if name != BEFORE), default=0)
    names = list(dict.fromkeys(name for one in rows.values() for name in one))
    whole = [one for one in rows.values() if set(names) <= set(one)]

    def share(name: str, of: Callable[[dict[str, Any]], float]) -> dict[str, float]:
        return spread([of(one[name]) / of(one[str(most)]) for one in whole])

    return {
        name: {
            **{at: share(name, at_place(at)) for at in places(whole)},
            "mdsi": share(name, lambda row: row["seen"]["mdsi"]),
            "seconds": share(name, lambda row: row["seconds"]),
        }
        for name in (names if whole and most else ())
    }


def at_place(at: str) -> Callable[[dict[str, Any]], float]:
    """The effect there, of a row."""
    return lambda row: float(row["effects"][at])


def places(rows: list[dict[str, Any]]) -> list[str]:
    """Where it was looked at."""
    return list(next(iter(rows[0].values()))["effects"])


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("pictures", type=Path, nargs="+")
    asked.add_argument("--side", type=int, default=256)
    asked.add_argument("--sizes", default="128,256")
    asked.add_argument("--steps", default=STEPS)
    args = asked.parse_args()
    sizes, counts = args.sizes.split(","), [int(one) for one in args.steps.split(",")]
    about = {"side": args.side, "sizes": sizes}
    name = f"steps-{args.side}"
    rows = kept(name, about, "pictures")
    others = args.pictures[1:] + args.pictures[:1]
    for path, other in zip(args.pictures, others, strict=True):
        clean, goal = middle(path, args.side), middle(other, args.side)
        mine = rows.setdefault(path.stem, {})
        for steps in (0, *counts):
            key = str(steps or BEFORE)
            if key in mine:
                continue
            mine[key] = (
                searched(clean, goal, steps, sizes) if steps else as_before(clean, goal, sizes)
            )
            print(path.stem, key, mine[key], flush=True)
            save(name, {**about, "summary": summary(rows), "pictures": rows})


if __name__ == "__main__":
    main()
