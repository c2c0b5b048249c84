"""What is left of a cloak when a picture is reduced as for training, and what to post instead.

    python -m lab.bench.reduced PICTURE PICTURE... [--side 1024] [--surrogates embedded]

Each picture's middle square of `--side` pixels is pulled towards the next one's in ten steps, at
SSIMULACRA2 70, and judged on the five real encoders: as posted, reduced to half and to a quarter;
optimised at full size only, and at reduced sizes too; and when the copy was made that small before
it was protected. The blend beside each is the one that looks the same at the size it is posted at.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassine.explore.training_sizes import reduced_to
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.settle import settle
from glassine.pixels.grid import on_grid
from glassine.pixels.resize import lanczos
from glassine.types import Artwork, Intent
from torch import Tensor

from .effect import FAMILIES, SCORE, blend, closed
from .record import save, spread

WAYS = {"full size only": (), "full size and half": (2,), "full, half, quarter": (2, 4)}
"""How it is said -> the reduced copies that are optimised too."""


def square(path: Path, side: int) -> Tensor:
    """The middle of the picture, reduced until its shorter side is `side`."""
    rgb = reduced_to(read(path).rgb, side)
    top, left = ((length - side) // 2 for length in rgb.shape[1:])
    return on_grid(rgb[:, top : top + side, left : left + side], 8)


def protected(
    clean: Tensor, goal: Tensor, surrogates: tuple[str, ...], sizes: tuple[int, ...] = ()
) -> Tensor:
    chosen = plan(Artwork(clean), Intent(target=goal, seed=1, surrogates=surrogates), device="cpu")
    recipe = replace(chosen.recipe, sizes=sizes)
    return settle(optimise(replace(chosen, score=SCORE, recipe=recipe, steps=10))).rgb


def mean(shares: dict[str, float]) -> float:
    return sum(shares[family] for family in FAMILIES) / len(FAMILIES)


def measured(clean: Tensor, goal: Tensor, surrogates: tuple[str, ...]) -> dict[str, Any]:
    """What was done -> mean over families of the protected copy and of its blend."""
    side, found = clean.shape[1], {}
    plain = blend(clean, goal)
    for way, sizes in WAYS.items():
        after = protected(clean, goal, surrogates, tuple(side // part for part in sizes))
        for size in (side, side // 2, side // 4):
            there, cloak, mix, aim = (
                lanczos(picture, size, size) for picture in (clean, after, plain, goal)
            )
            done = f"{way}, " + ("as posted" if size == side else f"reduced to {size}")
            found[done] = [mean(closed(there, look, aim)) for look in (cloak, mix)]
    for size in (side // 2, side // 4):
        there, aim = (on_grid(lanczos(picture, size, size), 8) for picture in (clean, goal))
        looks = protected(there, aim, surrogates), blend(there, aim)
        found[f"made {size} px before, as posted"] = [
            mean(closed(there, look, aim)) for look in looks
        ]
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("pictures", type=Path, nargs="+")
    asked.add_argument("--side", type=int, default=1024)
    asked.add_argument("--surrogates", default="embedded")
    args = asked.parse_args()
    squares, rows = [square(path, args.side) for path in args.pictures], {}
    for path, clean, goal in zip(args.pictures, squares, squares[1:] + squares[:1], strict=True):
        rows[path.stem] = measured(clean, goal, tuple(args.surrogates.split(",")))
        print(path.stem, rows[path.stem], flush=True)
        table = {
            done: {
                name: spread([row[done][at] for row in rows.values()])
                for at, name in enumerate(("cloak", "blend"))
            }
            for done in rows[path.stem]
        }
        about = {"side": args.side, "surrogates": args.surrogates}
        save("reduced", {**about, "summary": table, "pictures": rows})


if __name__ == "__main__":
    main()
