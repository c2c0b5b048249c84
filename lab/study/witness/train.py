"""Trains the witness in a given time: python -m lab.study.witness.train --minutes 80

Writes checkpoint.pt under --home and the curve into results/curve.jsonl; --resume continues. The
learning rate falls with the elapsed time, so a busy machine takes fewer steps but also ends at the
lowest rate.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from glassine.visibility.lpips import lpips_net
from torch import Tensor

from ...rows import note, rows
from ...training import stepped
from .net import Autoencoder
from .pictures import HOME, held_crops

RESULTS = Path(__file__).parent / "results"
CURVE = RESULTS / "curve.jsonl"
SIDE, BATCH, SEEN = 64, 16, 4  # pixels; crops of a step; crops of a step that LPIPS looks at
RATE, DECAY, WARM, LEAST = 2e-3, 0.01, 0.02, 0.01  # WARM: of the time; LEAST: of the rate
LOOKS, NATS = 0.25, 3e-4  # weights of LPIPS and of the KL divergence beside the mean difference
STEADY = 0.995  # of the moving mean of the weights, which is the result
TOLD, JUDGED, KEPT = 50, 500, 200  # steps between rows, measurements on held-out crops, checkpoints
CPU = torch.device("cpu")


class Crops:
    """Random parts of the cut crops, half of them mirrored; a step gets the same after a stop."""

    def __init__(self, home: Path, seed: int) -> None:
        whole = np.load(home / "crops.npy", mmap_mode="r")
        self.crops, self.seed = whole[: int(np.load(home / "count.npy"))], seed

    def __call__(self, step: int) -> Tensor:
        draw = np.random.default_rng((self.seed, step))
        room = self.crops.shape[1] - SIDE + 1
        windows = []
        for at in draw.integers(len(self.crops), size=BATCH):
            top, left = draw.integers(room, size=2)
            cut = self.crops[at, top : top + SIDE, left : left + SIDE]
            windows.append(cut[:, :: draw.choice((1, -1))])
        rgb = torch.from_numpy(np.stack(windows)).permute(0, 3, 1, 2).float() / 255
        return rgb.contiguous(memory_format=torch.channels_last)


@dataclass
class Run:
    """The state of a training: what a checkpoint holds."""

    net: Autoencoder
    calm: Autoencoder
    search: torch.optim.Optimizer
    step: int = 0
    spent: float = 0.0
    since: list[dict[str, float]] = field(default_factory=list)  # costs since the last row

    @classmethod
    def begun(cls, seed: int) -> Run:
        torch.manual_seed(seed)
        net, calm = (Autoencoder().to(memory_format=torch.channels_last) for _ in range(2))
        calm.load_state_dict(net.state_dict())
        search = torch.optim.AdamW(net.parameters(), RATE, (0.9, 0.98), weight_decay=DECAY)
        return cls(net, calm.requires_grad_(False), search)

    def load(self, file: Path) -> None:
        kept = torch.load(file, weights_only=True)
        self.net.load_state_dict(kept["net"])
        self.calm.load_state_dict(kept["calm"])
        self.search.load_state_dict(kept["search"])
        self.step, self.spent = kept["step"], kept["spent"]

    def save(self, file: Path) -> None:
        kept: dict[str, Any] = {name: getattr(self, name).state_dict() for name in ("net", "calm")}
        kept |= {"search": self.search.state_dict(), "step": self.step, "spent": self.spent}
        torch.save(kept, file.with_suffix(".part"))
        os.replace(file.with_suffix(".part"), file)


def pace(share: float) -> float:
    """Factor of the rate after that share of the time: a short rise, then half a cosine."""
    rise = min(1.0, (share + 1e-3) / WARM)
    return rise * (LEAST + (1 - LEAST) * (1 + math.cos(math.pi * min(1.0, share))) / 2)


def taken(run: Run, crops: Crops) -> dict[str, float]:
    """One step; returns its loss, part by part."""
    rgb = crops(run.step)
    made, nats = run.net(rgb, torch.Generator().manual_seed(run.step))
    off = (made - rgb).abs().mean()
    looks = lpips_net(CPU)(made[:SEEN], rgb[:SEEN], normalize=True).mean()
    loss = stepped(run.search, off + LOOKS * looks + NATS * nats, list(run.net.parameters()))
    run.step += 1
    share = min(STEADY, run.step / (run.step + 10))
    with torch.no_grad():
        for own, other in zip(run.calm.parameters(), run.net.parameters(), strict=True):
            own.lerp_(other, 1 - share)
    return {"loss": loss, "off": off.item(), "lpips": looks.item(), "nats": nats.item()}


@torch.no_grad()
def judged(net: Autoencoder, held: Tensor) -> dict[str, float]:
    """PSNR and LPIPS of its reconstructions of held-out crops, without sampling."""
    psnr, looks = [], []
    for part in torch.split(held, 16):
        rgb = part.contiguous(memory_format=torch.channels_last)
        made = net.decoder(net.means(rgb)).clamp(0, 1)
        error = F.mse_loss(made, rgb, reduction="none").mean((1, 2, 3))
        psnr.append(-10 * error.log10())
        looks.append(lpips_net(CPU)(made, rgb, normalize=True).flatten())
    return {
        "held_psnr": torch.cat(psnr).mean().item(),
        "held_lpips": torch.cat(looks).mean().item(),
    }


def train(run: Run, home: Path, seconds: float, seed: int) -> None:
    crops, held = Crops(home, seed), held_crops(home, each=6)
    before, began = run.spent, time.monotonic()
    while run.spent < seconds:
        for group in run.search.param_groups:
            group["lr"] = RATE * pace(run.spent / seconds)
        run.since.append(taken(run, crops))
        run.spent = before + time.monotonic() - began
        last = run.spent >= seconds
        if run.step % TOLD == 0:
            about = {"step": run.step, "seconds": round(run.spent)} | means(run.since)
            if run.step % JUDGED == 0:
                about |= judged(run.calm, held)
            note(CURVE, about)
            run.since.clear()
        if run.step % KEPT == 0 or last:
            run.save(home / "checkpoint.pt")
    note(CURVE, {"step": run.step, "seconds": round(run.spent)} | judged(run.calm, held))


def means(costs: list[dict[str, float]]) -> dict[str, float]:
    """Mean of each part over the steps; after a stop they may be fewer than TOLD."""
    return {name: fmean(cost[name] for cost in costs) for name in costs[0]}


def cut_back(step: int) -> None:
    """Removes rows of the curve after the checkpoint's step; they will be written again."""
    known = [row for row in rows(CURVE) if row["step"] <= step]
    CURVE.write_text("".join(json.dumps(row) + "\n" for row in known))


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--home", type=Path, default=HOME)
    asked.add_argument("--minutes", type=float, default=80, help="of all its runs together")
    asked.add_argument("--seed", type=int, default=1)
    asked.add_argument("--resume", action="store_true", help="go on from the checkpoint")
    given = asked.parse_args()
    torch.set_num_threads(1)
    run = Run.begun(given.seed)
    RESULTS.mkdir(exist_ok=True)
    if given.resume:
        run.load(given.home / "checkpoint.pt")
    cut_back(run.step)
    train(run, given.home, 60 * given.minutes, given.seed)


if __name__ == "__main__":
    main()
