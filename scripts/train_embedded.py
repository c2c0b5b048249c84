#!/usr/bin/env python3
"""Train the embedded surrogate: compress the five tiny encoders, then heal them on the teachers' input gradients.

    python scripts/study/embedded/pictures.py            # fetch and pack the training pictures, once
    python scripts/train_embedded.py --out DIR --hours 1 # resumable: the same line continues where it stopped
    python scripts/train_embedded.py --out DIR --export core/glassine/surrogates/weights/embedded.safetensors

Loss per family: 1 - cosine between the branch's and the teacher's gradient of the teacher's own objective (squared
distance to another picture's latents), by double backward through the branch only, plus the relative output error.
It is taken where attacks walk: on pictures, on noisy pictures and on the branch's own adversarial steps.
"""
import argparse
import json
import math
import random
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parent / "study" / "embedded"))
from common import FAMILIES, fast, slim, teacher  # noqa: E402
from factor import compress, cost  # noqa: E402
from pictures import Crops  # noqa: E402


def begin(args, crops: Crops) -> dict[str, torch.nn.Module]:
    """Branches before any training: from a file if given, else factored from the teachers."""
    if args.start:
        return slim.branches({k: v.float() for k, v in load_file(args.start).items()})
    calibration = [crops() for _ in range(6)]
    return {k: compress(teacher(k), calibration, args.ranks) for k in args.families}


def gradient(net, x, zt, graph=False):
    """(latents, d|z - zt|^2/dx); with `graph` it can be differentiated again."""
    x = x.detach().clone(memory_format=torch.channels_last).requires_grad_(True)
    z = net(x)
    (g,) = torch.autograd.grad((z - zt).square().sum(), x, create_graph=graph)
    return z, g


def visited(net, x, zt, rng: random.Random, generator) -> torch.Tensor:
    """A point where an attack may stand: the picture, the picture with noise, or after the branch's own steps."""
    kind = rng.random()
    if kind < 0.4:
        return x
    eps = rng.random() * 8 / 255
    if kind < 0.6:
        return (x + eps * (2 * torch.rand(x.shape, generator=generator) - 1)).clamp(0, 1)
    y = x
    for _ in range(rng.choice([1, 2])):
        _, g = gradient(net, y, zt)
        y = (y - eps * g.sign()).clamp(0, 1)
    return y


def step(net, real, x, args, rng, generator) -> tuple[torch.Tensor, dict]:
    with torch.no_grad():
        zt = real(x).roll(1, 0)  # the next picture of the batch is the target
    y = visited(net, x, zt, rng, generator)
    z_real, g_real = gradient(real, y, zt)
    z, g = gradient(net, y, zt, graph=True)
    cosine = F.cosine_similarity(g.flatten(1), g_real.flatten(1))
    error = (z - z_real.detach()).square().mean() / z_real.detach().var()
    return (1 - cosine).mean() + args.fit * error, {"cosine": cosine.mean().item(), "error": error.item()}


def held_cosine(net, real, crops: list[torch.Tensor]) -> float:
    out = []
    for x in crops:
        with torch.no_grad():
            zt = real(x).roll(1, 0)
        a, b = (gradient(n, x, zt)[1].flatten(1) for n in (net, real))
        out.append(F.cosine_similarity(a, b).mean().item())
    return sum(out) / len(out)


def train(args) -> None:
    out = Path(args.out)
    out.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(args.seed)
    saved = out / "checkpoint.pt"
    before = torch.load(saved, weights_only=True) if saved.exists() else {"steps": 0, "seconds": 0.0}
    rng = random.Random(args.seed + before["steps"])
    generator = torch.Generator().manual_seed(args.seed + before["steps"])
    crops = Crops(args.size, args.batch, args.seed + before["steps"])
    held = Crops(args.size, 4, 7, held=True)
    held = [held(), held()]
    nets = slim.branches(before["state"]) if "state" in before else begin(args, crops)
    real = {k: teacher(k) for k in nets}
    optimisers = {}
    for k, n in nets.items():
        fast(n).requires_grad_(True)
        optimisers[k] = torch.optim.Adam(n.parameters(), lr=args.rate, betas=(0.9, 0.98))
        if "optimisers" in before:
            optimisers[k].load_state_dict(before["optimisers"][k])
    done, started, window = before["steps"], time.time() - before["seconds"], {}
    curve = open(out / "curve.jsonl", "a")

    def write(row):
        print(json.dumps(row), flush=True)
        curve.write(json.dumps(row) + "\n")
        curve.flush()

    def keep():
        torch.save({"state": slim.tensors(nets), "steps": done, "seconds": time.time() - started,
                    "optimisers": {k: o.state_dict() for k, o in optimisers.items()}}, saved)
        write({"step": done, "seconds": round(time.time() - started), "kind": "held",
               **{k: round(held_cosine(n, real[k], held), 4) for k, n in nets.items()}})

    if not done:
        keep()
    names, last = list(nets), time.time()
    while time.time() - started < args.hours * 3600:
        share = (time.time() - started) / (args.hours * 3600)
        k = names[done % len(names)]
        for group in optimisers[k].param_groups:
            warm = min(1, (done / len(names) + 1) / 20)
            group["lr"] = args.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, share))))
        loss, figures = step(nets[k], real[k], crops(), args, rng, generator)
        optimisers[k].zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(nets[k].parameters(), 1.0)
        optimisers[k].step()
        done += 1
        window.setdefault(k, []).append(figures["cosine"])
        if done % (20 * len(names)) == 0:
            write({"step": done, "seconds": round(time.time() - started), "kind": "train",
                   **{n: round(sum(v) / len(v), 4) for n, v in window.items()}})
            window = {}
        if time.time() - last > args.save_every:
            keep()
            last = time.time()
    keep()


def export(args) -> None:
    state = torch.load(Path(args.out) / "checkpoint.pt", weights_only=True)["state"]
    save_file({k: v.half().contiguous() for k, v in state.items()}, args.export,
              {"made_by": "scripts/train_embedded.py", "licence": "MIT (weights derived from TAESD)"})
    nets = slim.branches({k: v.float() for k, v in load_file(args.export).items()})
    print({k: f"{cost(n) / cost(teacher(k)):.3f} of the teacher's multiply-adds" for k, n in nets.items()},
          f"{Path(args.export).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--out", required=True)
    p.add_argument("--hours", type=float, default=1.0)
    p.add_argument("--ranks", type=lambda s: tuple(map(int, s.split(","))), default=(32, 32, 48, 48))
    p.add_argument("--families", type=lambda s: s.split(","), default=list(FAMILIES))
    p.add_argument("--start", help="begin from this .safetensors instead of factoring the teachers")
    p.add_argument("--rate", type=float, default=3e-4)
    p.add_argument("--fit", type=float, default=0.3)
    p.add_argument("--size", type=int, default=96)
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--save-every", type=float, default=120)
    p.add_argument("--export")
    args = p.parse_args()
    torch.set_num_threads(1)
    export(args) if args.export else train(args)
