"""After refit: training branches on their teachers' input gradients, at points that steps visit.

Loss per family: how much less a sign step along the branch's gradient gains than one along the
teacher's own, to first order: 1 - <teacher's gradient, soft sign of the branch's> / |teacher's
gradient|_1, both of the squared distance to another picture's latents, by double backward through
the branch only; plus the relative output error. (The cosine, tried first, depends mostly on the few
pixels with huge gradients; a sign step does not.) The loss is taken on pictures, on noisy pictures
and on the branch's own adversarial steps.
"""

from __future__ import annotations

import argparse
import copy
import math
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import torch
from glassine.surrogates.nets import slim
from torch import Generator, Tensor, nn

from ...rows import note
from ...training import stepped
from .common import fast, teacher
from .pictures import Crops

WARM = 20  # steps of a family until its rate is full
TOLD = 20  # steps of each family between two lines of the log


def gradient(net: nn.Module, x: Tensor, zt: Tensor, graph: bool = False) -> tuple[Tensor, Tensor]:
    """(latents, d|z - zt|^2/dx); with `graph` it can be differentiated again."""
    x = x.detach().clone(memory_format=torch.channels_last).requires_grad_(True)
    z = net(x)
    (g,) = torch.autograd.grad((z - zt).square().sum(), x, create_graph=graph)
    return z, g


def visited(
    net: nn.Module, x: Tensor, zt: Tensor, rng: random.Random, generator: Generator
) -> Tensor:
    """Where an attack may stand: the picture, with noise, or after the branch's own steps."""
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


def agreement(g: Tensor, g_real: Tensor) -> Tensor:
    """Share of the teacher's first-order gain that a soft signed step along g keeps; (B,)."""
    unit = g / g.abs().mean((1, 2, 3), keepdim=True).clamp_min(1e-20)
    most = g_real.abs().sum((1, 2, 3)).clamp_min(1e-20)
    return (g_real * torch.tanh(2 * unit)).sum((1, 2, 3)) / most


def loss(
    net: nn.Module,
    real: nn.Module,
    x: Tensor,
    fit: float,
    rng: random.Random,
    generator: Generator,
) -> tuple[Tensor, float]:
    """(loss, agreement) on one batch; `fit` weighs the output error."""
    with torch.no_grad():
        zt = real(x).roll(1, 0)  # the next picture of the batch is the target
    y = visited(net, x, zt, rng, generator)
    z_real, g_real = gradient(real, y, zt)
    z, g = gradient(net, y, zt, graph=True)
    agrees = agreement(g, g_real)
    error = (z - z_real.detach()).square().mean() / z_real.detach().var()
    return (1 - agrees).mean() + fit * error, agrees.mean().item()


def held_agreement(net: nn.Module, real: nn.Module, crops: list[Tensor]) -> float:
    out = []
    for x in crops:
        with torch.no_grad():
            zt = real(x).roll(1, 0)
        out.append(agreement(*(gradient(n, x, zt)[1] for n in (net, real))).mean().item())
    return sum(out) / len(out)


@dataclass
class Run:
    """A training that can be resumed. `mean`, the moving mean of the weights, is its result."""

    folder: Path
    nets: dict[str, nn.Module]
    mean: dict[str, nn.Module]
    optimisers: dict[str, torch.optim.Adam]
    done: int = 0
    seconds: float = 0.0
    window: dict[str, list[float]] = field(default_factory=dict)

    @property
    def saved(self) -> Path:
        return self.folder / "checkpoint.pt"

    def note(self, kind: str, values: dict[str, float]) -> None:
        """One line of the curve, also on the terminal."""
        row = {"step": self.done, "seconds": round(self.seconds), "kind": kind, **values}
        note(self.folder / "curve.jsonl", row)

    def keep(self) -> None:
        state = {
            "state": slim.tensors(self.nets),
            "mean": slim.tensors(self.mean),
            "steps": self.done,
            "seconds": self.seconds,
            "optimisers": {k: o.state_dict() for k, o in self.optimisers.items()},
        }
        part = self.saved.with_suffix(".part")
        torch.save(state, part)
        part.replace(self.saved)  # if it is killed while saving, the last checkpoint stays


def taken_up(folder: Path, begin: Callable[[], dict[str, nn.Module]], rate: float) -> Run:
    """The run in that folder, or a new one with the branches that `begin()` makes."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = folder / "checkpoint.pt"
    before = torch.load(saved, weights_only=True) if saved.exists() else None
    nets = slim.branches(before["state"]) if before else begin()
    mean = slim.branches(before["mean"]) if before else copy.deepcopy(nets)
    optimisers = {}
    for k, net in nets.items():
        fast(net).requires_grad_(True)
        optimisers[k] = torch.optim.Adam(net.parameters(), lr=rate, betas=(0.9, 0.98))
        if before:
            optimisers[k].load_state_dict(before["optimisers"][k])
    if before is None:
        return Run(folder, nets, mean, optimisers)
    return Run(folder, nets, mean, optimisers, before["steps"], before["seconds"])


def heal(run: Run, args: argparse.Namespace) -> None:
    """Steps for `args.hours`, each family in turn; checkpoints and curve in the run's folder."""
    rng = random.Random(args.seed + run.done)
    generator = Generator().manual_seed(args.seed + run.done)
    crops = Crops(args.size, args.batch, args.seed + run.done)
    held = [Crops(96, 4, 7, held=True)() for _ in range(4)]
    real = {k: teacher(k) for k in run.nets}

    def checked() -> None:
        run.keep()
        run.note("held", {k: held_agreement(n, real[k], held) for k, n in run.mean.items()})

    if not run.done:
        checked()
    begun, last, names = time.time() - run.seconds, time.time(), list(run.nets)
    while run.seconds < args.hours * 3600:
        k = names[run.done % len(names)]
        paced(run.optimisers[k], args.rate, run.done / len(names), run.seconds / args.hours / 3600)
        price, agrees = loss(run.nets[k], real[k], crops(), args.fit, rng, generator)
        turned(run, k, price)
        run.window.setdefault(k, []).append(agrees)
        run.seconds = time.time() - begun
        if run.done % (TOLD * len(names)) == 0:
            run.note("train", {n: sum(v) / len(v) for n, v in run.window.items()})
            run.window = {}
        if time.time() - last > args.save_every:
            checked()
            last = time.time()
    checked()


def paced(optimiser: torch.optim.Adam, rate: float, turn: float, share: float) -> None:
    """Warm-up, then half a cosine over the run's time."""
    falling = 0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1, share)))
    for group in optimiser.param_groups:
        group["lr"] = rate * min(1, (turn + 1) / WARM) * falling


def turned(run: Run, k: str, price: Tensor) -> None:
    """One step of one family, and the running mean of its weights."""
    stepped(run.optimisers[k], price, list(run.nets[k].parameters()))
    run.done += 1
    count = len(run.nets)
    with torch.no_grad():
        pairs = zip(run.mean[k].parameters(), run.nets[k].parameters(), strict=True)
        for old, new in pairs:
            old.lerp_(new, max(0.02, count / (run.done + count)))
