"""A remover trained on pairs: how much it leaves, and whether randomness per picture helps.

    python -m lab.bench.pairs PAINTINGS FOLDER... [--pairs 40] [--rounds 1500]

Anybody who has Glassine can make any number of pairs of a picture and its protected copy, and train
a network to undo the protection. This bench does so: pictures of the FOLDERs are protected, and a
small residual network (DnCNN; Zhang et al., 2017) learns to restore the originals. Then paintings
that it never saw are protected, passed through it and measured on the five real encoders. Once with
one style for everybody, once with a style and a seed drawn for every picture, as Glassine does.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from glassine.errors import GlassineError
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.purifiers import PURIFIERS
from glassine.types import Artwork, Intent
from glassine.visibility import ssimulacra2
from torch import Generator, Tensor, nn

from ..training import stepped
from .effect import blend, closed
from .record import save, spread
from .reduced import mean, middle

SIDE, CROP, BATCH = 192, 64, 8  # pixels of a training picture, of a crop; crops of one step
WIDTH, DEPTH = 48, 8  # channels and layers of the remover
SURROGATE = "embedded"
WAYS: dict[str, dict[str, Any]] = {
    "one style for everybody": {"style": "night-neon", "seed": 1},
    "style and seed per picture": {},
}


class Remover(nn.Module):
    """(B, 3, H, W) in [0, 1] -> the same shape, less what it takes for the perturbation."""

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Conv2d(3, WIDTH, 3, padding=1), nn.ReLU(inplace=True)]
        for _ in range(DEPTH - 2):
            layers += [nn.Conv2d(WIDTH, WIDTH, 3, padding=1), nn.ReLU(inplace=True)]
        last = nn.Conv2d(WIDTH, 3, 3, padding=1)
        nn.init.zeros_(last.weight)
        self.noise = nn.Sequential(*layers, last)

    def forward(self, rgb: Tensor) -> Tensor:
        noise: Tensor = self.noise(rgb)
        return rgb - noise


def protected(clean: Tensor, turn: int, way: dict[str, Any]) -> tuple[Tensor, Tensor]:
    """The protected copy, and the picture it was pulled towards."""
    wanted = Intent(**{"seed": turn, "surrogates": (SURROGATE,), **way})
    made = settle(optimise(plan(Artwork(clean), wanted, device="cpu")))
    return made.rgb, made.plan.goals[0].picture


def originals(folders: list[Path], count: int) -> Iterator[Tensor]:
    """Squares of pictures drawn at random from the folders; unreadable files are skipped."""
    suffixes = {".png", ".jpg", ".jpeg"}
    paths = sorted(p for f in folders for p in f.rglob("*") if p.suffix.lower() in suffixes)
    random.Random(0).shuffle(paths)
    for path in paths:
        if not count:
            return
        try:
            yield middle(path, SIDE)
        except (GlassineError, ValueError):
            continue
        count -= 1


def trained(pairs: list[tuple[Tensor, Tensor]], rounds: int) -> Remover:
    torch.manual_seed(0)
    net, draw = Remover(), random.Random(0)
    search = torch.optim.Adam(net.parameters(), lr=1e-3)
    pace = torch.optim.lr_scheduler.CosineAnnealingLR(search, rounds)
    for step in range(rounds):
        crops = [crop(draw.choice(pairs), draw) for _ in range(BATCH)]
        clean, seen = (torch.stack(side) for side in zip(*crops, strict=True))
        loss = F.mse_loss(net(seen), clean)
        stepped(search, loss)
        pace.step()
        if step % 250 == 0:
            print("step", step, f"{loss.item():.2e} of {F.mse_loss(seen, clean):.2e}", flush=True)
    return net.eval()


def crop(pair: tuple[Tensor, Tensor], draw: random.Random) -> tuple[Tensor, Tensor]:
    """The same CROP x CROP pixels of both, mirrored or not."""
    top, left = draw.randrange(SIDE - CROP + 1), draw.randrange(SIDE - CROP + 1)
    parts = [x[:, top : top + CROP, left : left + CROP] for x in pair]
    return tuple(x.flip(-1) for x in parts) if draw.random() < 0.5 else tuple(parts)  # type: ignore


def measured(clean: Tensor, turn: int, way: dict[str, Any], net: Remover) -> dict[str, Any]:
    """Mean share of the gap over the real five: cloak and blend, as posted and after removal."""
    after, goal = protected(clean, turn, way)
    plain, draw = blend(clean, goal), Generator().manual_seed(turn)

    def learnt(rgb: Tensor) -> Tensor:
        with torch.no_grad():
            given: Tensor = net(rgb[None])
        return given[0].clamp(0, 1)

    removers: dict[str, Callable[[Tensor], Tensor]] = {
        "as posted": lambda rgb: rgb,
        "remover trained on pairs": learnt,
        "AdverseCleaner": lambda rgb: PURIFIERS["adverse_cleaner"].apply(rgb, draw),
    }
    found = {}
    for name, remove in removers.items():
        cloak, mix = remove(after), remove(plain)
        found[name] = {
            "cloak": mean(closed(clean, cloak, goal)),
            "blend": mean(closed(clean, mix, goal)),
            "ssimulacra2": ssimulacra2(clean, cloak),
        }
    return found


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("paintings", type=Path)
    asked.add_argument("folders", type=Path, nargs="+")
    asked.add_argument("--pairs", type=int, default=40)
    asked.add_argument("--rounds", type=int, default=1500)
    asked.add_argument("--side", type=int, default=256, help="of the paintings")
    args = asked.parse_args()
    works = [middle(path, args.side) for path in sorted(args.paintings.glob("*.png"))]
    told: dict[str, Any] = {}
    for name, way in WAYS.items():
        pairs = []
        for turn, clean in enumerate(originals(args.folders, args.pairs)):
            pairs.append((clean, protected(clean, 1000 + turn, way)[0]))
        net = trained(pairs, args.rounds)
        rows = [measured(clean, turn, way, net) for turn, clean in enumerate(works)]
        told[name] = {
            after: {what: spread([row[after][what] for row in rows]) for what in rows[0][after]}
            for after in rows[0]
        }
        print(name, told[name], flush=True)
        about = {"pairs": args.pairs, "rounds": args.rounds, "surrogates": SURROGATE}
        save("pairs", {**about, "side": args.side, "summary": told})


if __name__ == "__main__":
    main()
