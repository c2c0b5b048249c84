"""What a graphics card does with the engine: one script of at most eight minutes, no network.

    python3 -m lab.bench.card [--minutes 8] [--sides 512,1024,2048,4096] [--wheels FOLDER]

Times preview, quick and full; compares pixels and effect with the processor's; fills the card's
memory and offers a number format that the card cannot compute in, to see that the engine avoids
both. Missing packages are installed from wheels beside it (`wheels/`), or named if there is none.
Every row is saved in results/card-NAME.json at once: a run that is cut off keeps what it found.
"""

from __future__ import annotations

import argparse
import importlib.util
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..places import ROOT

if TYPE_CHECKING:
    from glassine.machine.device import Device
    from glassine.types import Artwork, Change, Plan

NEEDED = {
    "torch": "torch",
    "torchvision": "torchvision",
    "safetensors": "safetensors",
    "psutil": "psutil",
    "pyvips": "pyvips-binary",
    "lpips": "lpips",
    "piq": "piq",
    "kornia": "kornia",
}
"""Module -> the wheel that brings it."""
MINUTES, RESERVE = 8.0, 20.0  # of the whole run; seconds kept free at its end for saving
SIDES = (512, 1024, 2048, 4096)
COMPARED = 512  # pixels; side of the picture that the processor protects as well
SPARE = 64 * 2**20  # bytes left free on the card where its memory is filled


def main() -> int:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=float, default=MINUTES)
    asked.add_argument("--sides", default=",".join(map(str, SIDES)))
    asked.add_argument("--device", default="auto")
    asked.add_argument("--compared", type=int, default=COMPARED, metavar="SIDE")
    asked.add_argument("--wheels", type=Path, default=ROOT / "wheels")
    args = asked.parse_args()
    ends = time.monotonic() + 60 * args.minutes - RESERVE
    lacking = missing(args.wheels)
    if lacking:
        print(f"Not here, and no wheel for it in {args.wheels}: {', '.join(lacking)}.")
        return 2
    sys.path.insert(0, str(ROOT / "core"))
    sides = [int(side) for side in args.sides.split(",")]
    print(measured(args.device, sides, args.compared, ends))
    return 0


def missing(wheels: Path) -> list[str]:
    """Modules that are still missing after their wheels were tried."""
    absent = [module for module in NEEDED if not importlib.util.find_spec(module)]
    if absent and wheels.is_dir():
        offline = ["--no-index", "--find-links", str(wheels)]
        command = [sys.executable, "-m", "pip", "install", *offline]
        for module in absent:
            subprocess.run([*command, NEEDED[module]])
        importlib.invalidate_caches()
    return [NEEDED[module] for module in absent if not importlib.util.find_spec(module)]


@dataclass
class Found:
    """What was found so far; saved after every row.

    ends  when the time is over, on the monotonic clock
    """

    name: str
    ends: float
    rows: dict[str, Any] = field(default_factory=dict)

    def row(self, key: str, expected: float, look: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Keeps what `look` finds under that key, or why there is nothing: no time, or a failure.

        expected  seconds that the look may take
        """
        from .record import save

        if time.monotonic() + expected > self.ends:
            seen: dict[str, Any] = {"skipped": f"about {expected:.0f} s, and time is short"}
        else:
            try:
                seen = look()
            except Exception as error:  # whatever goes wrong on a card is a finding
                seen = {"failed": f"{type(error).__name__}: {error}"[:500]}
        self.rows[key] = seen
        print(key, seen, flush=True)
        save(self.name, self.rows)
        return seen


def measured(wish: str, sides: list[int], compared: int, ends: float) -> str:
    """The name of the file in results/."""
    from glassine.machine.device import choose

    device = choose(wish)
    found = Found(f"card-{plain(str(device.says))}", ends)
    found.row("card", 1, lambda: about(device))
    found.row("same as the processor", 60, lambda: beside_processor(device, compared))
    found.row("memory full", 30, lambda: with_full_memory(device, compared))
    found.row("a format that fails", 10, lambda: with_bad_format(device))
    second_per_step: dict[int, float] = {}
    for side in sides:
        for effort in ("preview", "quick", "full"):
            guess = guessed(second_per_step, side, effort)
            seen = found.row(f"{side} {effort}", guess, partial(timed, device, side, effort))
            if "optimise" in seen:
                second_per_step[side] = seen["optimise"] / seen["steps"]
    for kind in ("sd15", "sdxl"):
        found.row(f"denoiser of {kind}'s size", 90, partial(through_denoiser, device, kind))
    return found.name


def through_denoiser(device: Device, kind: str) -> dict[str, Any]:
    """Seconds and memory of a step through a random network of that size; cards only."""
    if device.kind == "cpu":
        return {"skipped": "on a processor it is measured by lab.bench.denoiser"}
    absent = [name for name in ("diffusers", "transformers") if not importlib.util.find_spec(name)]
    if absent:
        return {"skipped": f"not here: {', '.join(absent)}"}
    from .denoiser import measured as steps_measured

    return steps_measured(kind, device)


def plain(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name).split()).lower()


def guessed(known: dict[int, float], side: int, effort: str) -> float:
    """Seconds, from what the nearest size took: steps cost the same from some size on."""
    from glassine.flow.recipes import STEPS

    if not known:
        return 30.0
    nearest = min(known, key=lambda other: abs(other - side))
    return 10 + 1.5 * STEPS[effort] * known[nearest] * max(1.0, side / nearest)


def about(device: Device) -> dict[str, Any]:
    import torch
    from glassine.machine.device import seen_cards, working_formats

    seen: dict[str, Any] = {"kind": device.kind, "says": str(device.says), "steps": device.steps_in}
    for kind, says, *dtypes in seen_cards():
        works = [str(one.dtype) for one in working_formats(kind, says, *dtypes)]
        seen[f"formats of {says}"] = works
    if device.kind == "cuda":
        memory = torch.cuda.get_device_properties(0).total_memory
        seen |= {"memory": memory, "cuda": torch.version.cuda, "driver": driver()}
    return seen


def driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        return subprocess.run(command, capture_output=True, text=True).stdout.strip()
    except OSError:
        return "not told"


def drawn(side: int) -> Artwork:
    """Colours, an edge, texture and flat areas, the same on every machine; needs no file."""
    import torch
    import torch.nn.functional as F
    from glassine.pixels.grid import on_grid
    from glassine.types import Artwork

    draw = torch.Generator().manual_seed(3)
    total = torch.zeros(3, side, side)
    for cells in (4, 16, 64, 256):
        grid = torch.rand(1, 3, min(cells, side), min(cells, side), generator=draw)
        total += F.interpolate(grid, (side, side), mode="bicubic")[0] / cells**0.5
    total = (total / total.max()).clamp(0, 1)
    total[:, side // 2 :, : side // 3] = torch.tensor((0.8, 0.3, 0.2))[:, None, None]
    return Artwork(on_grid(total, 8))


def planned(device: Device, side: int, effort: str) -> Plan:
    from glassine.flow.plan import plan
    from glassine.flow.recipes import STEPS
    from glassine.types import Intent

    wish = Intent(style="texture", surrogates=("embedded",), seed=7)
    return replace(plan(drawn(side), wish, device=device.kind), steps=STEPS[effort])


def waited(device: Device) -> None:
    import torch

    if device.kind == "cuda":
        torch.cuda.synchronize()


def timed(device: Device, side: int, effort: str) -> dict[str, Any]:
    """Seconds of the search and of the strength, and the card's memory at its peak."""
    import torch
    from glassine.flow.optimise import optimise
    from glassine.flow.settle import settle

    plan = planned(device, side, effort)
    if device.kind == "cuda":
        torch.cuda.reset_peak_memory_stats()
    began = time.monotonic()
    change = optimise(plan)
    waited(device)
    middle = time.monotonic()
    done = settle(change)
    ended = time.monotonic()
    return {
        "steps": plan.steps,
        "optimise": middle - began,
        "settle": ended - middle,
        "peak": torch.cuda.max_memory_allocated() if device.kind == "cuda" else None,
        "notes": [str(note) for note in done.notes],
    }


def beside_processor(device: Device, side: int) -> dict[str, Any]:
    """The same plan twice on the card and once on the processor: pixels, effect, seconds."""
    from glassine.machine.device import choose

    plan = planned(device, side, "preview")
    there, seconds = searched(plan)
    again, warm = searched(plan)
    here, slow = searched(replace(plan, device=choose("cpu").kind))
    apart = (there.pixels.float() - here.pixels.float()).abs() * 255
    return {
        "same twice": bool((there.pixels == again.pixels).all()),
        "levels apart": {"mean": apart.mean().item(), "most": apart.max().item()},
        "effect": {"card": way(there), "processor": way(here)},
        "seconds": {"first": seconds, "second": warm, "processor": slow},
        "notes": [str(note) for note in there.notes],
    }


def searched(plan: Plan) -> tuple[Change, float]:
    from glassine.flow.optimise import optimise

    began = time.monotonic()
    return optimise(plan), time.monotonic() - began


def way(change: Change) -> float:
    """Of the gap to the goal, the share that the finished picture closes, on the processor."""
    from glassine.flow.settle import settle
    from glassine.machine.device import choose
    from glassine.surrogates.encoders import encoders

    pictures = (change.plan.artwork.rgb, settle(change).rgb, change.plan.goals[0].picture)
    shares = []
    for encode in encoders("embedded", choose("cpu")).values():
        clean, other, goal = (encode(rgb[None]) for rgb in pictures)
        shares.append(1 - ((other - goal).norm() / (clean - goal).norm()).item())
    return float(sum(shares) / len(shares))


def with_full_memory(device: Device, side: int) -> dict[str, Any]:
    """The search on a card with almost no free memory: what it says that it did instead."""
    import torch

    if device.kind != "cuda":
        return {"skipped": "only on CUDA and ROCm is it known how much memory is free"}
    torch.cuda.empty_cache()
    free, _ = torch.cuda.mem_get_info()
    taken = torch.empty(max(free - SPARE, 0), dtype=torch.uint8, device="cuda")
    try:
        change, seconds = searched(planned(device, side, "preview"))
    finally:
        del taken
        torch.cuda.empty_cache()
    return {"seconds": seconds, "notes": [str(note) for note in change.notes]}


def with_bad_format(device: Device) -> dict[str, Any]:
    """Which formats the device takes when it is first offered one that has no convolutions."""
    import torch
    from glassine.machine.device import working_formats

    offered = (torch.float8_e4m3fn, torch.float16)
    return {
        "offered": [str(dtype) for dtype in offered],
        "work": list(named(working_formats(device.kind, device.says, *offered))),
    }


def named(devices: Iterator[Device]) -> Iterator[str]:
    return (str(device.dtype) for device in devices)


if __name__ == "__main__":
    sys.exit(main())
