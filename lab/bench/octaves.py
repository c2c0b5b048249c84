"""Which octaves of a finished change the judges see, and which the encoders.

    python -m lab.bench.octaves PICTURE TARGET [--side 2048] [--sizes 768,1024,1280]

The finished change is split into octaves, and one at a time is scaled by LESS. Printed is how much
a judge's rating and the effect fall, in their share of what they fall by when the whole change is
scaled so: to first order the octave's part in what is seen, and in what is gained.
"""

from __future__ import annotations

import argparse
import math
from itertools import pairwise
from pathlib import Path

import torch.nn.functional as F
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.types import Artwork, Intent
from torch import Tensor

from .effect import EMBEDDED, SCORE
from .reduced import middle, ruler, seen

EDGES = (4, 8, 16, 32, 64)  # pixels; periods at which octaves end
LESS = 0.7
PERFECT = {"ssimulacra2": 100.0, "haarpsi": 1.0, "fsim": 1.0, "vsi": 1.0}  # others: 0


def smooth(change: Tensor, size: int) -> Tensor:
    """What is left of the change (3, H, W) in means over squares of that size."""
    means = F.avg_pool2d(change[None], size, ceil_mode=True, count_include_pad=False)
    return F.interpolate(means, change.shape[1:], mode="bicubic", align_corners=False)[0]


def octaves(change: Tensor) -> dict[str, Tensor]:
    """Period in pixels -> that part of the change; together they are the change."""
    coarser = [change, *(smooth(change, size) for size in EDGES)]
    names = [f"below {EDGES[0]}", *(f"{low} to {2 * low}" for low in EDGES[:-1])]
    parts = [finer - coarse for finer, coarse in pairwise(coarser)]
    return dict(zip([*names, f"above {EDGES[-1]}"], [*parts, coarser[-1]], strict=True))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("picture", type=Path)
    asked.add_argument("target", type=Path)
    asked.add_argument("--side", type=int, default=2048)
    asked.add_argument("--sizes", default="768,1024,1280")
    args = asked.parse_args()
    clean, goal = middle(args.picture, args.side), middle(args.target, args.side)
    measure = ruler(clean, goal, args.sizes.split(","))
    wanted = Intent(target=goal, seed=1, surrogates=EMBEDDED, strength=SCORE)
    change = settle(optimise(plan(Artwork(clean), wanted, device="cpu"))).rgb - clean

    def figures(moved: Tensor) -> dict[str, float]:
        other = (clean + moved).clamp(0, 1)
        rated = {name: abs(PERFECT.get(name, 0) - x) for name, x in seen(clean, other).items()}
        return {**rated, **measure(other)}

    whole = figures(change)

    def fall(moved: Tensor) -> dict[str, float]:
        """How far each figure falls, as a power of LESS."""
        found = figures(moved)
        return {
            name: math.log(max(found[name], 1e-6) / whole[name]) / math.log(LESS) for name in whole
        }

    print("whole", {name: round(x, 4) for name, x in whole.items()})
    all_of = fall(LESS * change)
    for name, part in octaves(change).items():
        lost = fall(change - (1 - LESS) * part)
        print(name, {key: round(lost[key] / all_of[key], 2) for key in whole}, flush=True)


if __name__ == "__main__":
    main()
