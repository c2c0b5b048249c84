"""Pulls the upper half of a picture towards another picture of your own.

python examples/own_goal.py [PICTURE] [GOAL]
"""

import sys
from pathlib import Path

import torch
from glassine import Intent, optimise, plan, read, settle

LAKE = Path(__file__).with_name("lake.png")


def main(picture: Path = LAKE, goal: Path = LAKE) -> None:
    artwork = read(picture)
    middle = artwork.rgb.shape[1] // 2
    upper = torch.zeros_like(artwork.rgb[:1])
    upper[:, :middle] = 1
    protected = settle(optimise(plan(artwork, Intent(target=read(goal).rgb.flip(2), mask=upper))))
    changed = protected.rgb != artwork.rgb
    above, below = (bool(part.any()) for part in changed.tensor_split((middle,), 1))
    print(f"Changed above: {above}, below: {below}")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
