"""Goal 3 (README): cost of one step (forward and input gradient) on branches and real encoders.

    python -m lab.study.embedded.speed WEIGHTS SIZE >> lab/study/embedded/results/speed.jsonl

Processor seconds of one thread, the smallest of four, for each family: the real encoder in float32,
the real encoder as the engine's steps use it, the branch as the engine's steps use it.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path

import torch
from glassine.machine import bytewise, memory
from glassine.surrogates.embedded import load_branches
from torch import Tensor, nn

from .common import FAMILIES, teacher, walking


def step(net: nn.Module, x: Tensor) -> float:
    started = time.process_time()
    torch.autograd.grad(net(x).float().square().sum(), x)
    return time.process_time() - started


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("weights", type=Path)
    asked.add_argument("size", type=int)
    given = asked.parse_args()
    torch.set_num_threads(1)
    weights, size = given.weights, given.size
    nets = load_branches(weights)
    x = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_(True)
    seconds: dict[str, list[float]] = {}
    with memory.reused():
        for k in FAMILIES:
            three = teacher(k), walking(teacher(k), alone=False), walking(nets[k])
            seconds[k] = [
                min(one) for one in zip(*([step(n, x) for n in three] for _ in "four"), strict=True)
            ]
    exact, walked, branch = (sum(row[i] for row in seconds.values()) for i in range(3))
    about = {"weights": weights.stem, "size": size, "bytes": bytewise.usable()}
    about |= {"five_exact": round(exact, 3), "five_walked": round(walked, 3)}
    about |= {"one_branch": round(branch / 5, 4), "of_exact": round(branch / 5 / exact, 3)}
    print(json.dumps(about | {"of_walked": round(branch / 5 / walked, 3)}))
