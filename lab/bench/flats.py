"""How much reach flat areas should keep: python -m lab.bench.flats PICTURE... [--side 160]

Pictures are one that is half gradient, half the example's landscape, and each picture's middle
square. Each is pulled towards the next one with the embedded surrogate and measured on the five
real encoders: how much of the gap is closed, what judges say, and how many levels of detail the
left half gains. Rows are kept in results/flats.json.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from glassine.explore import canvas
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.types import Artwork, Intent
from glassine.visibility import jnd
from torch import Tensor

from ..places import ROOT
from .effect import EMBEDDED, closed
from .kinds import gradient, picture
from .kinds_sheet import detail
from .record import kept, save
from .reduced import mean, middle, seen

FLOORS = (0.35, 0.12, 0.05)
EXAMPLE = ROOT / "examples" / "lake.png"
SMOOTH = "half gradient, half landscape"


def smooth_beside_detail(side: int) -> Tensor:
    """(3, side, side)"""
    half = side // 2
    smooth, busy = picture(gradient())[:, :side, :half], middle(EXAMPLE, side)[:, :, half:]
    return torch.cat((smooth, busy), 2)


def tried(clean: Tensor, goal: Tensor, floor: float) -> Tensor:
    """The protected picture, with `floor` as the share of the reach that flat areas keep."""
    with patch.object(jnd, "FLOOR", floor), patch.object(canvas, "FLOOR", floor):
        intent = Intent(target=goal, surrogates=EMBEDDED, strength="balanced", seed=1)
        return settle(optimise(plan(Artwork(clean), intent))).rgb


def row(name: str, clean: Tensor, after: Tensor, goal: Tensor) -> dict[str, Any]:
    told: dict[str, Any] = {"closed": mean(closed(clean, after, goal)), **seen(clean, after)}
    if name == SMOOTH:
        half = clean.shape[2] // 2
        told["detail"] = detail(after[:, :, :half]) - detail(clean[:, :, :half])
    return told


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("pictures", type=Path, nargs="+")
    asked.add_argument("--side", type=int, default=160)
    given = asked.parse_args()
    squares = [middle(path, given.side) for path in given.pictures]
    goals = {p.stem: squares[(i + 1) % len(squares)] for i, p in enumerate(given.pictures)}
    works = {p.stem: one for p, one in zip(given.pictures, squares, strict=True)}
    works, goals = (
        {SMOOTH: smooth_beside_detail(given.side), **works},
        {SMOOTH: squares[0], **goals},
    )
    about = {"side": given.side}
    done = kept("flats", about, "pictures")
    for name, clean in works.items():
        rows = done.setdefault(name, {})
        for floor in FLOORS:
            if str(floor) not in rows:
                rows[str(floor)] = row(name, clean, tried(clean, goals[name], floor), goals[name])
                save("flats", {**about, "pictures": done})


if __name__ == "__main__":
    main()
