"""Bar 3: what one step (forward and input gradient) costs on the branches and on the real five.

    python speed.py WEIGHTS SIZE [float32|bfloat16] >> results/speed.jsonl

Processor seconds of one thread, the smaller of two, in turn teacher and branch.
"""

import json
import sys
import time

import torch
from common import FAMILIES, fast, slim, teacher
from safetensors.torch import load_file


def step(net, x) -> float:
    started = time.process_time()
    torch.autograd.grad(net(x).float().square().sum(), x)
    return time.process_time() - started


if __name__ == "__main__":
    torch.set_num_threads(1)
    weights, size = sys.argv[1], int(sys.argv[2])
    kind = getattr(torch, (sys.argv[3:] or ["float32"])[0])
    nets = slim.branches({k: v.float() for k, v in load_file(weights).items()})
    x = torch.rand(1, 3, size, size, generator=torch.Generator().manual_seed(0)).to(kind)
    x = x.contiguous(memory_format=torch.channels_last).requires_grad_(True)
    real, thin = {}, {}
    for k in FAMILIES:
        t, b = teacher(k).to(kind), fast(nets[k]).to(kind)
        pairs = [(step(t, x), step(b, x)) for _ in range(2)]
        real[k], thin[k] = min(p[0] for p in pairs), min(p[1] for p in pairs)
    five, one = sum(real.values()), sum(thin.values()) / len(thin)
    print(
        json.dumps(
            {
                "size": size,
                "dtype": str(kind),
                "five_real": round(five, 2),
                "one_branch": round(one, 3),
                "share": round(one / five, 3),
                "real": {k: round(v, 2) for k, v in real.items()},
                "thin": {k: round(v, 2) for k, v in thin.items()},
            }
        )
    )
