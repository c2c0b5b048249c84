"""What both experiments share: protecting sets of pictures, controls, and rows that are kept."""

import json
from dataclasses import replace
from pathlib import Path

import torch
from glassine.optimise import optimise
from glassine.pixels import on_grid
from glassine.plan import plan
from glassine.purifiers import PURIFIERS
from glassine.types import Artwork, Intent
from glassine.verify.controls import blended, scattered

RESULTS = Path(__file__).parent / "results"


def protected(pictures, targets, *, surrogates, score, steps, seed, home, name):
    """(N, 3, S, S): each picture pulled towards its target, kept between runs.

    targets: (3, S, S) for all of them (poison: one anchor), or one each (cloak: its restyling)
    """
    file = home / f"{name}.pt"
    done = list(torch.load(file, weights_only=True).float()) if file.exists() else []
    for at in range(len(done), len(pictures)):
        target = targets if targets.dim() == 3 else targets[at]
        intent = Intent(target=target, surrogates=surrogates, strength=score, seed=seed + at)
        made = plan(Artwork(pictures[at]), intent)
        done.append(optimise(replace(made, steps=steps, held_out=())).rgb)
        if at % 10 == 9 or at + 1 == len(pictures):
            torch.save(torch.stack(done), file)
            print(f"{name}: {at + 1} of {len(pictures)}", flush=True)
    return torch.stack(done)


def controls(clean, seen, targets):
    """The same visibility, other pixels: the change scattered, and a plain blend to the target."""
    rows = []
    for at, (a, b) in enumerate(zip(clean, seen, strict=True)):
        target = targets if targets.dim() == 3 else targets[at]
        rows.append((on_grid(scattered(a, b, at), 8), on_grid(blended(a, b, target), 8)))
    mixed, blends = zip(*rows, strict=True)
    return torch.stack(mixed), torch.stack(blends)


def purified(pictures, name, seed=0):
    apply = PURIFIERS[name].apply
    draws = [torch.Generator().manual_seed(seed + at) for at in range(len(pictures))]
    return torch.stack([apply(one, draw) for one, draw in zip(pictures, draws, strict=True)])


def rows(file):
    return [json.loads(line) for line in file.read_text().splitlines()] if file.exists() else []


def add(file, row):
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("a") as stream:
        stream.write(json.dumps(row) + "\n")
    print(json.dumps(row), flush=True)
