"""The README's picture: the shipped example before and after, and the difference of the two.

    python -m lab.bench.front

Shows what `glassine protect examples/lake.png` does with default settings: a part of it at 100 %,
so that one sees what shows. The difference is amplified as on the page of evidence.
"""

from __future__ import annotations

import argparse

import torch
from glassine.evidence.page.pictures import TIMES
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.settle import settle
from glassine.pixels.grid import to_array
from glassine.types import Intent
from PIL import Image

from ..places import ROOT

SHEET = ROOT / "docs" / "pictures" / "before-after.jpg"
WIDTH, GAP = 420, 6  # pixels of each part, and white pixels between two parts
SEED = 1


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    chosen = plan(read(ROOT / "examples" / "lake.png"), Intent(strength="auto", seed=SEED))
    before, after = chosen.artwork.rgb, settle(optimise(chosen)).rgb
    left = (before.shape[2] - WIDTH) // 2
    shown = (before, after, ((after - before).abs() * TIMES).clamp(0, 1))
    white = torch.ones(3, before.shape[1], GAP)
    parts = [part for rgb in shown for part in (rgb[:, :, left : left + WIDTH], white)]
    Image.fromarray(to_array(torch.cat(parts[:-1], 2), 8)).save(SHEET, quality=93, subsampling=0)


if __name__ == "__main__":
    main()
