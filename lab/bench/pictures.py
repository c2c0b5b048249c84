"""The pictures that benches measure: those of a folder, and two drawn ones, flat and in ink."""

from __future__ import annotations

from pathlib import Path

import torch
from glassine.flow.read import read
from glassine.pixels.grid import on_grid
from glassine.pixels.resize import lanczos
from glassine.types import Artwork
from torch import Tensor

Colour = tuple[float, float, float]


def pictures(folder: Path, side: int) -> dict[str, Artwork]:
    """Name -> Artwork of at most `side`: the folder's pictures, then flat and line art."""
    found = {}
    for path in sorted(folder.glob("*.png")):
        found[short(path.stem)] = sized(read(path).rgb, side)
    found["flat"] = sized(flat(2 * side), side)
    found["lines"] = sized(lines(2 * side), side)
    return found


def short(stem: str) -> str:
    """ "00014-0-vincent-van-gogh_still-life-..." -> "still-life-..."."""
    return stem.split("_", 1)[-1]


def sized(rgb: Tensor, side: int) -> Artwork:
    factor = side / max(rgb.shape[1:])
    return Artwork(lanczos(rgb, round(rgb.shape[1] * factor), round(rgb.shape[2] * factor)))


def flat(side: int) -> Tensor:
    """Cel-shaded hills, a sun and a house: large areas of one colour, a few hard edges."""
    y, x = grid(side)
    sky = torch.stack((0.98 - 0.25 * y, 0.85 - 0.1 * y, 0.7 + 0.15 * y))
    for height, colour in ((0.55, (0.42, 0.62, 0.48)), (0.7, (0.25, 0.48, 0.38))):
        hill = y > height + 0.08 * torch.sin(7 * x + 9 * height)
        sky = paint(sky, hill, colour)
    sky = paint(sky, (x - 0.75) ** 2 + (y - 0.22) ** 2 < 0.012, (0.97, 0.55, 0.35))
    sky = paint(sky, (x - 0.3).abs() + (y - 0.62).clamp_max(0).abs() < 0.14, (0.65, 0.25, 0.22))
    wall = ((x - 0.3).abs() < 0.1) & ((y - 0.7).abs() < 0.09)
    return paint(
        paint(sky, wall, (0.93, 0.89, 0.8)), wall & (x > 0.33) & (y > 0.68), (0.3, 0.3, 0.4)
    )


def lines(side: int) -> Tensor:
    """Ink on white: contours, hatching and a few dots."""
    y, x = grid(side)
    radius = ((x - 0.5) ** 2 + (y - 0.45) ** 2).sqrt()
    angle = torch.atan2(y - 0.45, x - 0.5)
    ink = (torch.sin(60 * radius + 3 * torch.sin(5 * angle)) > 0.93) & (radius < 0.36)
    hatch = (torch.sin(220 * (x + 0.6 * y)) > 0.8) & (y > 0.78) & (x > 0.15) & (x < 0.85)
    dots = (torch.sin(45 * x) * torch.sin(45 * y) > 0.97) & (radius > 0.38) & (y < 0.75)
    page = torch.ones(3, side, side)
    return paint(page, ink | hatch | dots, (0.08, 0.08, 0.1))


def grid(side: int) -> tuple[Tensor, ...]:
    """Rows and columns of the picture, each from 0 to 1."""
    return torch.meshgrid(torch.arange(side) / side, torch.arange(side) / side, indexing="ij")


def paint(rgb: Tensor, where: Tensor, colour: Colour) -> Tensor:
    return torch.where(where, torch.tensor(colour)[:, None, None], rgb)


def discs(seed: int, side: int = 512) -> Tensor:
    """Plain discs on a plain ground, with hard edges, such as illustrators draw."""
    draw = torch.Generator().manual_seed(seed)
    y, x = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    picture = torch.rand(3, 1, 1, generator=draw).expand(3, side, side).clone() * 0.7 + 0.15
    for _ in range(8):
        at = torch.rand(3, generator=draw) * side
        disc = (x - at[0]) ** 2 + (y - at[1]) ** 2 < (at[2] / 3) ** 2
        picture[:, disc] = torch.rand(3, 1, generator=draw)
    return on_grid(picture, 8)


def loaded(path: Path, size: int) -> Tensor:
    """The picture as a square of that size, whatever its shape was."""
    return on_grid(lanczos(read(path).rgb, size, size), 8)
