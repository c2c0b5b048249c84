"""Effect at equal visibility: share of the latent gap closed per family, beside the blend control.

    python -m lab.bench.effect FOLDER [--size 256] [--limit N] [--only 'NAME;NAME']

Every picture of FOLDER is pulled towards the next one. Every result is a finished 8-bit picture at
SSIMULACRA2 70. Finished rows are kept in results/effect-SIZE.json, so that a long run resumes.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

import torch
from glassine.explore import schedule
from glassine.flow import optimise as optimising
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.recipes import AT_ONCE
from glassine.flow.settle import settle
from glassine.flow.strength import scaled_to
from glassine.machine import bytewise
from glassine.machine.device import Device
from glassine.messages import message
from glassine.pixels.grid import on_grid
from glassine.pixels.resize import lanczos
from glassine.surrogates import encoders
from glassine.types import Artwork, Intent, Plan
from glassine.units import Score
from glassine.visibility import lpips, psnr, ssim, ssimulacra2
from torch import Tensor

from .record import RESULTS, save, spread

SCORE = Score(70)
EXACT = Device("cpu", message("device.cpu", count=torch.get_num_threads()), torch.float32)
IN_BYTES = 0.37  # of a gradient in float32 (lab/study/embedded/results/speed.jsonl)
SIGNS: dict[str, Any] = {"colour": (1.2, 0.8, 1.2), "power": 0.0, "tint": 0.0}  # of a recipe
BESIDE = ("ssimulacra2", "lpips", "ssim", "psnr", "seconds")
FAMILIES = ("sd15", "sdxl", "sd3", "flux1", "flux2")


def by_steps(steps: int, draw: int = 0, warm: int = 0) -> Callable[[Plan], Plan]:
    def change(chosen: Plan) -> Plan:
        return replace(chosen, steps=steps, recipe=replace(chosen.recipe, draw=draw), warm=warm)

    return change


def signs(change: Callable[[Plan], Plan]) -> Callable[[Plan], Plan]:
    """By the signs of gradients alone, in milder colours: what everything else is measured by."""

    def plainly(chosen: Plan) -> Plan:
        done = change(chosen)
        return replace(done, recipe=replace(done.recipe, **SIGNS))

    return plainly


def flat(chosen: Plan) -> Plan:
    """The same budget for every pixel: what the texture-aware allowance is worth."""
    return replace(by_steps(10)(chosen), allowance=torch.ones_like(chosen.allowance))


def only(*surrogates: str, steps: int = 10, draw: int = 0) -> Callable[[Plan], Plan]:
    return lambda chosen: replace(by_steps(steps, draw)(chosen), surrogates=surrogates)


METHODS: dict[str, Callable[[Plan], Plan]] = {
    "one family per step, 10 steps, plain float32": signs(by_steps(10, draw=1)),
    "five families, 10 steps, plain float32": signs(by_steps(10)),
    "five families, 10 steps, float32": by_steps(10),
    "five families, 10 steps, even allowance": flat,
    "five families, 3 steps": by_steps(3),
    "five families, 10 steps": by_steps(10),
    "five families, 30 steps": by_steps(30),
    "embedded start, five families, 3 steps": by_steps(3, warm=10),
    "embedded start, five families, 10 steps": by_steps(10, warm=10),
    "one family per step, 10 steps": by_steps(10, draw=1),
    "one family per step, 22 steps": by_steps(22, draw=1),
    "embedded, 10 steps": only("embedded"),
    "embedded, 30 steps": only("embedded", steps=30),
    "embedded, 30 steps on two": only("embedded", steps=30, draw=AT_ONCE["full"]),
}


def steps_in(method: str) -> AbstractContextManager[None]:
    """The arithmetic that a method's name asks for; without a word, what this machine would do."""
    if "float32" not in method:
        return nullcontext()
    return exactly() if "plain float32" in method else walked_in(EXACT)


@contextmanager
def walked_in(device: Device) -> Iterator[None]:
    """Steps on that device, whatever the plan says."""
    with patch.object(optimising, "choose", lambda wish: device):
        yield


@contextmanager
def exactly() -> Iterator[None]:
    """Steps along the encoders' own gradients in float32, as before they were cut."""
    own = patch.object(
        schedule, "gradient_encoders", lambda name, device, alone: encoders.encoders(name, device)
    )
    with own, walked_in(EXACT):
        yield


def passes(method: str, chosen: Plan) -> float:
    """What the plan's steps cost in gradients of one encoder in float32."""
    each = 1.0 if "float32" in method or not bytewise.usable() else IN_BYTES
    return each * (chosen.steps * schedule.families_per_step(chosen) + chosen.warm)


def blend(clean: Tensor, goal: Tensor) -> Tensor:
    """The control: the plain mixture towards the target at the same visibility."""

    def mixed(share: float) -> Tensor:
        return on_grid(clean + share * (goal - clean), 8)

    return mixed(scaled_to(SCORE, lambda share: ssimulacra2(clean, mixed(share)), 1.0))


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


def loaded(path: Path, size: int) -> Tensor:
    return on_grid(lanczos(read(path).rgb, size, size), 8)


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
        chosen = replace(plan(Artwork(clean), Intent(target=goal, seed=1)), score=SCORE)
        chosen = replace(chosen, surrogates=FAMILIES)
        for method, change in METHODS.items():
            if method in done:
                done[method]["passes"] = passes(method, change(chosen))
            if method in done or method not in wanted:
                continue
            started = time.perf_counter()
            with steps_in(method):
                after = settle(optimise(change(chosen))).rgb
            done[method] = row(clean, after, goal, time.perf_counter() - started)
            done[method]["passes"] = passes(method, change(chosen))
            print(path.stem[:24].ljust(24), method.ljust(40), done[method]["closed"], flush=True)
            save(name, outcome(args.size, rows))
    save(name, outcome(args.size, rows))


if __name__ == "__main__":
    main()
