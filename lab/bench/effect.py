"""Effect at one strength: share of the latent gap closed per family, beside the blend control.

    python -m lab.bench.effect FOLDER [--size 256] [--limit N] [--only 'NAME;NAME']

Every picture of FOLDER is pulled towards the next one. Every result is a finished 8-bit picture:
ours within every limit of SSIMULACRA2 70, the others at that score. Finished rows are kept in
results/effect-SIZE.json, so that a long run resumes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.recipes import STEPS
from glassine.flow.settle import settle
from glassine.flow.strength import scaled_to
from glassine.machine import bytewise
from glassine.machine.device import Device
from glassine.messages import message
from glassine.pixels.grid import on_grid
from glassine.surrogates import encoders
from glassine.types import Artwork, Intent
from glassine.units import Score
from glassine.visibility import lpips, psnr, ssim, ssimulacra2
from torch import Tensor

from . import before
from .pictures import loaded
from .record import RESULTS, save, spread

SCORE = Score(70)
EXACT = Device("cpu", message("device.cpu", count=torch.get_num_threads()), torch.float32)
IN_BYTES = 0.37  # of a gradient in float32 (lab/study/embedded/results/speed.jsonl)
BESIDE = ("ssimulacra2", "lpips", "ssim", "psnr", "seconds")
FAMILIES = ("sd15", "sdxl", "sd3", "flux1", "flux2")
EMBEDDED = ("embedded",)

Method = Callable[[Tensor, Tensor], Tensor]
"""(clean picture, goal) -> the finished 8-bit picture of SCORE."""


def ours(surrogates: tuple[str, ...], steps: int) -> Method:
    def method(clean: Tensor, goal: Tensor) -> Tensor:
        wanted = Intent(target=goal, seed=1, surrogates=surrogates, strength=SCORE)
        return settle(optimise(replace(plan(Artwork(clean), wanted), steps=steps))).rgb

    return method


def theirs(surrogates: tuple[str, ...], steps: int) -> Method:
    """The method before judges were in the loop."""

    def method(clean: Tensor, goal: Tensor) -> Tensor:
        moved = before.change(clean, goal, surrogates, steps, SCORE)
        return before.settled(clean, moved, SCORE)

    return method


METHODS: dict[str, tuple[Method, float]] = {
    "before, five families, 10 steps": (theirs(FAMILIES, 10), 50),
    "before, embedded, 10 steps": (theirs(EMBEDDED, 10), 10),
    **{
        f"{name}, {effort}": (ours(surrogates, steps), steps)
        for name, surrogates in (("five families", FAMILIES), ("embedded", EMBEDDED))
        for effort, steps in STEPS.items()
    },
}
"""Name -> (how the picture is made, how many gradients of one encoder that takes)."""


def blend(clean: Tensor, goal: Tensor, score: Score = SCORE) -> Tensor:
    """The control: the plain mixture towards the target at that visibility."""

    def mixed(share: float) -> Tensor:
        return on_grid(clean + share * (goal - clean), 8)

    return mixed(scaled_to(score, lambda share: ssimulacra2(clean, mixed(share)), 1.0))


@torch.no_grad()
def closed(clean: Tensor, after: Tensor, goal: Tensor) -> dict[str, float]:
    """Family -> share of the latent distance covered, judged in float32."""
    found = {}
    for name in FAMILIES:
        for family, encode in encoders.encoders(name, EXACT).items():
            start, end, there = (encode(picture[None]) for picture in (clean, after, goal))
            found[family] = 1 - ((end - there).norm() / (start - there).norm()).item()
    return found


def row(clean: Tensor, after: Tensor, goal: Tensor, seconds: float) -> dict[str, Any]:
    return {
        "closed": closed(clean, after, goal),
        "ssimulacra2": ssimulacra2(clean, after),
        "lpips": lpips(clean, after),
        "ssim": ssim(clean, after),
        "psnr": psnr(clean, after),
        "seconds": seconds,
    }


def summary(rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Method -> family -> mean and spread over the pictures."""
    found: dict[str, Any] = {}
    for method in sorted({m for done in rows.values() for m in done}):
        have = [done[method] for done in rows.values() if method in done]
        found[method] = {
            **{f: spread([r["closed"][f] for r in have]) for f in FAMILIES},
            **{name: spread([r[name] for r in have]) for name in BESIDE},
            "passes": have[0].get("passes", 0.0),
        }
    return found


def outcome(size: int, rows: dict[str, dict[str, Any]]) -> dict[str, Any]:
    return {"size": size, "in bytes": IN_BYTES, "summary": summary(rows), "pictures": rows}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--size", type=int, default=256)
    asked.add_argument("--limit", type=int, default=10)
    asked.add_argument("--only", default="", help="names of methods, separated by ;")
    args = asked.parse_args()
    name = f"effect-{args.size}"
    kept = RESULTS / f"{name}.json"
    rows = json.loads(kept.read_text())["pictures"] if kept.exists() else {}
    wanted = {n: m for n, m in METHODS.items() if not args.only or n in args.only.split(";")}
    paths = sorted(args.folder.glob("*.png"))
    for path, other in list(zip(paths, paths[5:] + paths[:5], strict=True))[: args.limit]:
        clean, goal = loaded(path, args.size), loaded(other, args.size)
        done = rows.setdefault(path.stem, {})
        if "blend" not in done:
            done["blend"] = row(clean, blend(clean, goal), goal, 0.0)
        for method, (make, passes) in wanted.items():
            if method in done:
                continue
            started = time.perf_counter()
            after = make(clean, goal)
            done[method] = row(clean, after, goal, time.perf_counter() - started)
            done[method]["passes"] = passes * (IN_BYTES if bytewise.usable() else 1.0)
            print(path.stem[:24].ljust(24), method.ljust(40), done[method]["closed"], flush=True)
            save(name, outcome(args.size, rows))
    save(name, outcome(args.size, rows))


if __name__ == "__main__":
    main()
