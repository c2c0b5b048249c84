#!/usr/bin/env python3
"""Make the embedded surrogate: thin the five tiny encoders, refit them, optionally heal them on input gradients.

    python scripts/study/embedded/pictures.py            # fetch and pack the training pictures, once
    python scripts/train_embedded.py --out DIR --hours 0 # what ships: factored and refitted, five minutes
    python scripts/train_embedded.py --out DIR --hours 1 # and healed; the same line continues where it stopped
    python scripts/train_embedded.py --out DIR --export core/glassine/surrogates/weights/embedded.safetensors

Loss per family: what a signed step along the branch's gradient loses against one along the teacher's own, to first
order: 1 - <teacher's gradient, soft sign of the branch's> / |teacher's gradient|_1, both of the squared distance to
another picture's latents, by double backward through the branch only; plus the relative output error. (The cosine,
tried first, listens to the few pixels with huge gradients; a signed step does not.)
It is taken where attacks walk: on pictures, on noisy pictures and on the branch's own adversarial steps.
"""
import argparse
import copy
import json
import math
import random
import sys
import time
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

sys.path.insert(0, str(Path(__file__).resolve().parent / "study" / "embedded"))
from common import FAMILIES, fast, slim, teacher  # noqa: E402
from factor import compress, cost  # noqa: E402
from pictures import Crops  # noqa: E402
from refit import refit  # noqa: E402
from thin import thin  # noqa: E402


def begin(args, crops: Crops) -> dict[str, torch.nn.Module]:
    """Branches before any training: from a file if given, else factored from the teachers."""
    if args.start:
        return slim.branches({k: v.float() for k, v in load_file(args.start).items()})
    calibration = [crops() for _ in range(12)]
    out = {}
    for k in args.families:
        real = teacher(k)
        if args.inner:
            net, kept = thin(real, calibration[:6], args.inner)
        else:
            net, kept = compress(real, calibration[:6], args.factor), None
        out[k] = refit(net, real, calibration, kept)
        print(k, f"{cost(out[k]) / cost(real):.3f} of the teacher's multiply-adds", flush=True)
    return out


def gradient(net, x, zt, graph=False):
    """(latents, d|z - zt|^2/dx); with `graph` it can be differentiated again."""
    x = x.detach().clone(memory_format=torch.channels_last).requires_grad_(True)
    z = net(x)
    (g,) = torch.autograd.grad((z - zt).square().sum(), x, create_graph=graph)
    return z, g


def visited(net, x, zt, rng: random.Random, generator) -> torch.Tensor:
    """A point where an attack may stand: the picture, the picture with noise, or after the branch's own steps."""
    kind = rng.random()
    if kind < 0.5:
        return x
    eps = rng.random() * 8 / 255
    if kind < 0.75:
        return (x + eps * (2 * torch.rand(x.shape, generator=generator) - 1)).clamp(0, 1)
    y = x
    for _ in range(rng.choice([1, 1, 2])):
        _, g = gradient(net, y, zt)
        y = (y - eps * g.sign()).clamp(0, 1)
    return y


def agreement(g: torch.Tensor, g_real: torch.Tensor) -> torch.Tensor:
    """Share of the teacher's first-order gain that a soft signed step along g keeps, per picture; 1 is all."""
    unit = g / g.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-20)
    return (g_real * torch.tanh(2 * unit)).sum((1, 2, 3)) / g_real.abs().sum((1, 2, 3)).clamp_min(1e-20)


def step(net, real, x, args, rng, generator) -> tuple[torch.Tensor, float]:
    with torch.no_grad():
        zt = real(x).roll(1, 0)  # the next picture of the batch is the target
    y = visited(net, x, zt, rng, generator)
    z_real, g_real = gradient(real, y, zt)
    z, g = gradient(net, y, zt, graph=True)
    agrees = agreement(g, g_real)
    error = (z - z_real.detach()).square().mean() / z_real.detach().var()
    return (1 - agrees).mean() + args.fit * error, agrees.mean().item()


def held_agreement(net, real, crops: list[torch.Tensor]) -> float:
    out = []
    for x in crops:
        with torch.no_grad():
            zt = real(x).roll(1, 0)
        out.append(agreement(*(gradient(n, x, zt)[1] for n in (net, real))).mean().item())
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
    wide = Crops(96, 6, args.seed + 1)  # for the closed-form part: larger crops, more of them
    held = Crops(96, 4, 7, held=True)
    held = [held() for _ in range(4)]
    nets = slim.branches(before["state"]) if "state" in before else begin(args, wide)
    real = {k: teacher(k) for k in nets}
    # what is kept and exported is the running mean of the weights: single steps on four crops are noisy
    mean = slim.branches(before["mean"]) if "mean" in before else copy.deepcopy(nets)
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
        torch.save({"state": slim.tensors(nets), "mean": slim.tensors(mean), "steps": done, "seconds": time.time() - started,
                    "optimisers": {k: o.state_dict() for k, o in optimisers.items()}}, saved)
        write({"step": done, "seconds": round(time.time() - started), "kind": "held",
               **{k: round(held_agreement(n, real[k], held), 4) for k, n in mean.items()}})

    if not done:
        keep()
    names, last = list(nets), time.time()
    while time.time() - started < args.hours * 3600:
        share = (time.time() - started) / (args.hours * 3600)
        k = names[done % len(names)]
        for group in optimisers[k].param_groups:
            warm = min(1, (done / len(names) + 1) / 20)
            group["lr"] = args.rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, share))))
        loss, agrees = step(nets[k], real[k], crops(), args, rng, generator)
        optimisers[k].zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(nets[k].parameters(), 1.0)
        optimisers[k].step()
        done += 1
        with torch.no_grad():
            for old, new in zip(mean[k].parameters(), nets[k].parameters(), strict=True):
                old.lerp_(new, max(0.02, len(names) / (done + len(names))))
        window.setdefault(k, []).append(agrees)
        if done % (20 * len(names)) == 0:
            write({"step": done, "seconds": round(time.time() - started), "kind": "train",
                   **{n: round(sum(v) / len(v), 4) for n, v in window.items()}})
            window = {}
        if time.time() - last > args.save_every:
            keep()
            last = time.time()
    keep()


def export(args) -> None:
    state = torch.load(Path(args.out) / "checkpoint.pt", weights_only=True)["mean"]
    save_file({k: v.half().contiguous() for k, v in state.items()}, args.export,
              {"made_by": "scripts/train_embedded.py", "licence": "MIT (weights derived from TAESD)"})
    nets = slim.branches({k: v.float() for k, v in load_file(args.export).items()})
    print({k: f"{cost(n) / cost(teacher(k)):.3f} of the teacher's multiply-adds" for k, n in nets.items()},
          f"{Path(args.export).stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    p = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    p.add_argument("--out", required=True)
    p.add_argument("--hours", type=float, default=1.0)
    widths = {"type": lambda s: tuple(map(int, s.split(",")))}
    p.add_argument("--factor", **widths, default=(32, 32, 48, 48), help="ranks per stage")
    p.add_argument("--inner", **widths, help="prune inside blocks instead, e.g. 40,40,40,48 channels per stage")
    p.add_argument("--families", type=lambda s: s.split(","), default=list(FAMILIES))
    p.add_argument("--start", help="begin from this .safetensors instead of factoring the teachers")
    p.add_argument("--rate", type=float, default=1e-4)
    p.add_argument("--fit", type=float, default=0.3)
    p.add_argument("--size", type=int, default=64)
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--seed", type=int, default=0)
    p.add_argument("--save-every", type=float, default=120)
    p.add_argument("--export")
    args = p.parse_args()
    torch.set_num_threads(1)
    export(args) if args.export else train(args)
