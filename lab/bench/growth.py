"""How cost grows with the size of the picture: seconds per megapixel and peak memory.

    python -m lab.bench.growth [--sizes 512,1024,...] [--surrogate embedded] [--steps 1]

Each size runs in a process of its own, because peak memory never falls. The picture and its target
are drawn by this script. Timed is everything from the bytes of a PNG to the bytes of the protected
PNG and its report, after torch is loaded; `steps` replaces the steps of effort "preview".
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time

import torch
import torch.nn.functional as F

from ..places import ROOT
from .record import kept, save

SIZES = (512, 1024, 2048, 4096, 8192)


def scene(side: int, seed: int) -> torch.Tensor:
    """(3, side, side): smooth shapes under fine brushwork, the same at every size."""
    draw = torch.Generator().manual_seed(seed)
    rgb = F.interpolate(torch.rand(1, 3, 9, 9, generator=draw), (side, side), mode="bilinear")[0]
    for row in range(0, side, 512):
        strip = rgb[:, row : row + 512]
        strip += 0.06 * torch.randn(strip.shape, generator=draw)
    return rgb.clamp_(0, 1)


def one(side: int, surrogate: str, steps: int) -> dict[str, float]:
    """Runs in the child: one picture, its time by stage and the process's peak memory."""
    import resource

    from glassine.flow.protect import protect
    from glassine.flow.recipes import STEPS
    from glassine.formats import FORMATS
    from glassine.pixels.grid import on_grid
    from glassine.types import Intent, Keep, Progress

    def peak() -> float:
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20

    ends: dict[str, float] = {}

    def watch(now: Progress) -> None:
        ends[now.stage] = time.perf_counter()

    write = FORMATS["png"].write
    assert write is not None
    data = write(on_grid(scene(side, 0), 8), None, Keep(), 95)
    STEPS["preview"] = steps
    intent = Intent(target=scene(256, 1), seed=1, surrogates=(surrogate,), effort="preview")
    before, started, busy = peak(), time.perf_counter(), time.process_time()
    protect(data, intent, device="cpu", watch=watch)
    seconds, busy = time.perf_counter() - started, time.process_time() - busy
    return {
        "seconds": seconds,
        "seconds until optimised": ends["optimise"] - started,
        "seconds until fitted": ends["fit"] - started,
        "seconds per megapixel": seconds / (side * side / 1e6),
        "processor seconds per megapixel": busy / (side * side / 1e6),
        "peak GB": peak(),
        "GB before": before,
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--sizes", default=",".join(map(str, SIZES)))
    asked.add_argument("--surrogate", default="embedded")
    asked.add_argument("--steps", type=int, default=1)
    asked.add_argument("--child", type=int)
    args = asked.parse_args()
    if args.child:
        print(json.dumps(one(args.child, args.surrogate, args.steps)))
        return
    about = {"surrogate": args.surrogate, "steps": args.steps}
    table = kept("growth", about, "sizes")
    for side in map(int, args.sizes.split(",")):
        command = [sys.executable, "-m", "lab.bench.growth", "--child", str(side)]
        command += ["--steps", str(args.steps), "--surrogate", args.surrogate]
        out = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        table[str(side)] = json.loads(out.stdout)
        print(side, table[str(side)], flush=True)
        save("growth", {**about, "sizes": table})


if __name__ == "__main__":
    main()
