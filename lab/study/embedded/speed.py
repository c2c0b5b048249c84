"""Bar 3: what one step (forward and input gradient) costs on the branches and on the real five.

    python -m lab.study.embedded.speed WEIGHTS SIZE >> lab/study/embedded/results/speed.jsonl

Processor seconds of one thread, the smallest of four, in turn: the real encoder as it is (float32),
the real one as the engine walks by it, the branch as the engine walks by it.
"""

import json
import sys
import time
from pathlib import Path

import torch
from glassine import bytewise, memory
from glassine.surrogates.embedded import opened

from .common import FAMILIES, teacher, walking


def step(net, x) -> float:
    started = time.process_time()
    torch.autograd.grad(net(x).float().square().sum(), x)
    return time.process_time() - started


if __name__ == "__main__":
    torch.set_num_threads(1)
    weights, size = sys.argv[1], int(sys.argv[2])
    nets = opened(Path(weights))
    x = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0))
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_(True)
    seconds = {}
    with memory.reused():
        for k in FAMILIES:
            three = teacher(k), walking(teacher(k), alone=False), walking(nets[k])
            seconds[k] = [
                min(one) for one in zip(*([step(n, x) for n in three] for _ in "four"), strict=True)
            ]
    exact, walked, branch = (sum(row[i] for row in seconds.values()) for i in range(3))
    about = {"weights": Path(weights).stem, "size": size, "bytes": bytewise.usable()}
    about |= {"five_exact": round(exact, 3), "five_walked": round(walked, 3)}
    about |= {"one_branch": round(branch / 5, 4), "of_exact": round(branch / 5 / exact, 3)}
    print(json.dumps(about | {"of_walked": round(branch / 5 / walked, 3)}))
