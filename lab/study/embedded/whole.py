"""Bar 3: a whole run on the branch beside one on the real five, tiles, goals and strength included.

    python -m lab.study.embedded.whole PICTURE TARGET SIZE [STEPS] >> ROWS.jsonl

Both pictures are brought to SIZE x SIZE; seconds of the clock and of the processor, one run each.
"""

import json
import sys
import time
from dataclasses import replace
from pathlib import Path

from glassine.device import choose
from glassine.optimise import optimise
from glassine.pixels import on_grid
from glassine.plan import plan
from glassine.read import read
from glassine.targets.resize import lanczos
from glassine.types import Artwork, Intent

from .common import FAMILIES


def run(clean, goal, surrogates, steps) -> dict[str, float]:
    chosen = plan(Artwork(clean), Intent(target=goal, seed=1, surrogates=surrogates), device="cpu")
    began, busy, stages = time.perf_counter(), time.process_time(), {}

    def watch(now) -> None:
        stages[now.stage] = round(time.process_time() - busy, 1)

    optimise(replace(chosen, steps=steps, warm=0), watch=watch)
    return {"seconds": round(time.perf_counter() - began, 1), "processor until": stages}


if __name__ == "__main__":
    size, steps = int(sys.argv[3]), int((sys.argv[4:] or ["10"])[0])
    clean, goal = (on_grid(lanczos(read(Path(p)).rgb, size, size), 8) for p in sys.argv[1:3])
    thin = run(clean, goal, ("embedded",), steps)
    real = run(clean, goal, tuple(FAMILIES), steps)
    share = thin["processor until"]["fit"] / real["processor until"]["fit"]
    about = {"size": size, "steps": steps, "device": choose("cpu").says}
    print(json.dumps({**about, "embedded": thin, "five": real, "share": round(share, 3)}))
