"""A sheet of crops to look at: original, the method before and the present one, enlarged.

    python -m lab.bench.sheet PICTURE... [--side 384] [--kept FOLDER]

To the named pictures a flat and an inked one are added, drawn by this project. Both methods make a
finished picture at SSIMULACRA2 70 towards the same style. Two places of each picture are shown:
where it is busiest and where it is flattest. The sheet goes to the pictures of the docs; finished
pictures are kept in a folder, so that a run that was cut off resumes.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.settle import settle
from glassine.pixels.grid import on_grid, to_array
from glassine.pixels.resize import lanczos
from glassine.types import Artwork, Intent
from glassine.visibility import texture_allowance
from PIL import Image
from torch import Tensor

from ..places import ROOT
from . import before
from .effect import EMBEDDED, SCORE
from .pictures import flat, lines

SHEET = ROOT / "docs" / "pictures" / "eye-sheet.png"
CROP, TIMES, GAP = 96, (1, 2), 6  # pixels of a crop; how much enlarged; pixels between crops
WISH = Intent(style="texture", seed=1, surrogates=EMBEDDED, strength=SCORE)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("pictures", type=Path, nargs="+")
    asked.add_argument("--side", type=int, default=384)
    asked.add_argument("--kept", type=Path, default=Path("eye-sheet"))
    args = asked.parse_args()
    args.kept.mkdir(parents=True, exist_ok=True)
    found = {path.stem: scaled(read(path).rgb, args.side) for path in args.pictures}
    found |= {"flat": scaled(flat(512), args.side), "lines": scaled(lines(512), args.side)}
    rows = []
    for name, clean in found.items():
        trio = (clean, *made(clean, args.kept, name))
        rows += [row(trio, place) for place in places(clean)]
        print(name, flush=True)
    Image.fromarray(to_array(stacked(rows, 1), 8)).save(SHEET, optimize=True)


def scaled(rgb: Tensor, side: int) -> Tensor:
    factor = side / min(rgb.shape[1:])
    return on_grid(lanczos(rgb, *(round(length * factor) for length in rgb.shape[1:])), 8)


def made(clean: Tensor, kept: Path, name: str) -> tuple[Tensor, Tensor]:
    """The picture by the method before and by the present one; read from `kept` if it is there."""
    paths = [kept / f"{name}-{method}.png" for method in ("before", "now")]
    if not all(path.is_file() for path in paths):
        wish = plan(Artwork(clean), WISH, device="cpu")
        moved = before.change(clean, wish.goals[0].picture, EMBEDDED, 10, SCORE)
        pictures = before.settled(clean, moved, SCORE), settle(optimise(wish)).rgb
        for path, rgb in zip(paths, pictures, strict=True):
            Image.fromarray(to_array(rgb, 8)).save(path)
    one, two = (read(path).rgb for path in paths)
    return one, two


def places(clean: Tensor) -> list[tuple[int, int]]:
    """Top left corners of the crops with most and with least texture, dark places left out."""
    allowed = texture_allowance(clean)[None]
    light = clean.mean(0, keepdim=True)[None]
    texture, shown = (F.avg_pool2d(x, CROP, stride=16)[0, 0] for x in (allowed, light))
    seen = shown > 0.15  # in the dark nobody sees anything
    busiest = torch.where(seen, texture, torch.zeros_like(texture)).argmax()
    flattest = torch.where(seen, texture, torch.ones_like(texture)).argmin()
    across = texture.shape[1]
    return [(16 * (int(at) // across), 16 * (int(at) % across)) for at in (busiest, flattest)]


def row(pictures: tuple[Tensor, ...], place: tuple[int, int]) -> Tensor:
    """The crop of each picture at 100 %, then each at 200 %."""
    top, left = place
    crops = [rgb[:, top : top + CROP, left : left + CROP] for rgb in pictures]
    return stacked([F.interpolate(c[None], scale_factor=n)[0] for n in TIMES for c in crops], 2)


def stacked(parts: list[Tensor], along: int) -> Tensor:
    """Pictures beside each other (along 2) or below each other (along 1), on white."""
    other = 3 - along
    most = max(part.shape[other] for part in parts)
    filled = []
    for part in parts:
        size = [3, 0, 0]
        size[along], size[other] = part.shape[along] + GAP, most
        page = torch.ones(size)
        page[:, : part.shape[1], : part.shape[2]] = part
        filled.append(page)
    return torch.cat(filled, along)


if __name__ == "__main__":
    main()
