"""Goal 3 (README): a whole run on the embedded surrogate, beside one on the five real encoders.

    python -m lab.study.embedded.whole PICTURE TARGET SIZE [STEPS] >> ROWS.jsonl

Views, goals and the search for the strength are included. Both pictures are resized to SIZE x SIZE;
seconds of the clock and of the processor, one run each.
"""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.machine.device import choose
from glassine.pixels.grid import on_grid
from glassine.pixels.resize import lanczos
from glassine.types import Artwork, Intent, Progress
from torch import Tensor

from .common import FAMILIES


def run(clean: Tensor, goal: Tensor, surrogates: tuple[str, ...], steps: int) -> dict[str, Any]:
    chosen = plan(Artwork(clean), Intent(target=goal, seed=1, surrogates=surrogates), device="cpu")
    began, busy = time.perf_counter(), time.process_time()
    stages: dict[str, float] = {}

    def watch(now: Progress) -> None:
        stages[now.stage] = round(time.process_time() - busy, 1)

    optimise(replace(chosen, steps=steps), watch=watch)
    return {"seconds": round(time.perf_counter() - began, 1), "processor until": stages}


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("picture", type=Path)
    asked.add_argument("target", type=Path)
    asked.add_argument("size", type=int)
    asked.add_argument("steps", type=int, nargs="?", default=10)
    given = asked.parse_args()
    size, steps = given.size, given.steps
    paths = given.picture, given.target
    clean, goal = (on_grid(lanczos(read(path).rgb, size, size), 8) for path in paths)
    thin = run(clean, goal, ("embedded",), steps)
    real = run(clean, goal, tuple(FAMILIES), steps)
    share = thin["processor until"]["fit"] / real["processor until"]["fit"]
    about = {"size": size, "steps": steps, "device": str(choose("cpu").says)}
    print(json.dumps({**about, "embedded": thin, "five": real, "share": round(share, 3)}))
