"""What kind of picture it is, by its pixels: what protection may do to it depends on that.

The thresholds were measured on paintings, wallpapers, and drawn line art, pixel art, gradients and
ink scans (lab/bench/kinds.py, docs/folders.md). A guess: it chooses where to begin, and is told.
"""

from __future__ import annotations

import itertools
from functools import reduce
from math import gcd

import torch
from torch import Tensor

from ..types import Art, ArtName, Grid
from ..units import Levels, to_unit
from .grid import steps

SUBTLE: tuple[ArtName, ...] = ("line", "flat", "pixel")
"""Kinds of which a balanced change spoils the look: there is nothing that would hide it."""

TINT, TINTED = to_unit(Levels(6)), 0.002
"""A grey picture's channels lie so near to each other, but for a few pixels of a fringe."""

COLOURS, PIXEL_COLOURS, SMALL = 256, 64, 400
"""Of enlarged pixel art at most; of pixel art at its own size, which is no longer than SMALL."""

CELLS, LINES, EXCESS = range(3, 33), 8, 0.2
EDGE = to_unit(Levels(15))
"""Sizes of cells that are looked for where a JPEG has blurred the edges, how many lines of a grid
there are at least, by how much more of all steps lie on them than by chance (pictures that are none
have up to .12, pixel art saved at quality 60 .29), and how high these are on average (a JPEG's own
blocks are 2 levels)."""

STILL = to_unit(Levels(1.5))  # a step between neighbours that is still one surface
FLAT = 0.72  # share of such steps in flat pictures and gradients; wallpaper photos have up to .6
GRAIN, BLOCK, CALM = to_unit(Levels(2)), 8, 0.85
"""A gradient stays one under the grain that programs lay on it against bands: so far from a plane,
on average, are blocks of so many pixels, and this share of them (photos have up to .79, with a
grain of 1.5 levels gradients have all)."""

INKED, PAPER, THIN = 0.01, 0.6, 0.6
"""Shares of line art that are ink at least, and paper; share of the ink that is within 3 pixels of
paper, so that it vanishes with its edge."""

NEAR, STRONG = to_unit(Levels(24)), 0.25
"""Of the paper's colour at most; how far ink is from it on average: a wash on paper is not."""

SMOOTH = 0.2  # share of still steps in photos; in paintings it is less
SIDE = 1024  # pixels; of larger pictures the middle is looked at, except for the grid


def art_of(rgb: Tensor) -> Art:
    """rgb: (3, H, W) in [0, 1]."""
    grey, grid = is_grey(rgb), grid_of(rgb) or grid_in_steps(rgb)
    part = middle(rgb)
    still = still_share(part)
    if grid or is_pixel_art(rgb, still):
        return Art("pixel", grey, grid)
    if is_line_art(part):
        return Art("line", grey)
    if still > FLAT or plane_share(part) > CALM:
        return Art("flat", grey)
    if grey:
        return Art("grey", grey)
    return Art("photo" if still > SMOOTH else "painting")


def middle(rgb: Tensor) -> Tensor:
    """At most SIDE x SIDE pixels of it, at their own size: steps between neighbours count."""
    height, width = rgb.shape[1:]
    top, left = max(0, height - SIDE) // 2, max(0, width - SIDE) // 2
    return rgb[:, top : top + SIDE, left : left + SIDE]


def is_grey(rgb: Tensor) -> bool:
    tint = rgb.amax(0) - rgb.amin(0)
    return float((tint > TINT).float().mean()) <= TINTED


def still_share(rgb: Tensor) -> float:
    """Share of steps from pixel to pixel that are no more than what a smooth surface has."""
    across = (rgb[:, :, 1:] - rgb[:, :, :-1]).abs().amax(0)
    down = (rgb[:, 1:] - rgb[:, :-1]).abs().amax(0)
    still = (across <= STILL).sum() + (down <= STILL).sum()
    return float(still) / (across.numel() + down.numel())


def plane_share(rgb: Tensor) -> float:
    """Share of blocks that are a plane but for grain; 0 where the picture is smaller than one."""
    if min(rgb.shape[1:]) < BLOCK:
        return 0.0
    blocks = rgb.unfold(1, BLOCK, BLOCK).unfold(2, BLOCK, BLOCK)  # (3, H / 8, W / 8, 8, 8)
    blocks = blocks - blocks.mean((-1, -2), keepdim=True)
    along = torch.linspace(-1, 1, BLOCK)
    along = along / (along.square().sum() * BLOCK).sqrt()  # the planes' two slopes, as unit vectors
    slopes = (blocks * along).sum((-1, -2)).square() + (blocks * along[:, None]).sum(
        (-1, -2)
    ).square()
    rest = (blocks.square().sum((-1, -2)) - slopes).clamp_min(0) / BLOCK**2
    return float((rest.sqrt().amax(0) <= GRAIN).float().mean())


def colours(rgb: Tensor, most: int) -> int:
    """How many there are, at 8 bits; counted no further than a few more than `most`."""
    every = max(1, rgb[0].numel() // 4096)  # of most pictures a few pixels have too many already
    for pixels in (rgb.flatten(1)[:, ::every], rgb.flatten(1)):
        red, green, blue = (pixels * steps(8)).round().to(torch.int32)
        found = len(torch.unique(red << 16 | green << 8 | blue))
        if found > most:
            break
    return min(found, most + 1)


def grid_of(rgb: Tensor) -> Grid | None:
    """The grid on which all edges lie, where there are few colours; None where there is none."""
    if colours(rgb, COLOURS) > COLOURS:
        return None
    rows = edges((rgb[:, 1:] != rgb[:, :-1]).any(0).any(1))
    columns = edges((rgb[:, :, 1:] != rgb[:, :, :-1]).any(0).any(0))
    if len(rows) < 4 or len(columns) < 4:
        return None  # a few rectangles have an accidental grid
    apart = [b - a for each in (rows, columns) for a, b in itertools.pairwise(each)]
    cell = reduce(gcd, apart)
    return Grid(cell, rows[0] % cell, columns[0] % cell) if cell > 1 else None


def grid_in_steps(rgb: Tensor) -> Grid | None:
    """The grid on which most of what changes does so: of enlarged pixel art saved as a JPEG."""
    part = rgb[:, :SIDE, :SIDE]
    rows, columns = (part.diff(dim=dim).abs().amax(0).mean(2 - dim) for dim in (1, 2))
    down, across = lines_in(rows), lines_in(columns)
    if down is None or across is None:
        return None
    cell = gcd(down[0], across[0])
    return Grid(cell, down[1] % cell, across[1] % cell) if cell in CELLS else None


def lines_in(step: Tensor) -> tuple[int, int] | None:
    """Cell and first line of the plainest grid, by the mean step into each row or column but the
    first; None where the steps lie anywhere. Its cell may be a few of the art's own pixels."""
    total, found = float(step.sum()) or 1.0, list[tuple[float, int, int]]()
    for cell in CELLS:
        if len(step) < LINES * cell:
            break
        sums = [float(step[start::cell].sum()) / total for start in range(cell)]
        most = max(sums)
        found.append((most - 1 / cell, cell, sums.index(most)))
    excess, cell, start = max(found, default=(0.0, 0, 0))
    if excess < EXCESS or float(step[start::cell].mean()) < EDGE:
        return None
    return cell, (start + 1) % cell


def edges(changed: Tensor) -> list[int]:
    """Where something else begins."""
    return [int(at) + 1 for at in torch.nonzero(changed).flatten()]


def is_pixel_art(rgb: Tensor, still: float) -> bool:
    """At its own size: small, of few colours, and with edges everywhere."""
    small = max(rgb.shape[1:]) <= SMALL
    return small and still < 0.97 and 2 < colours(rgb, PIXEL_COLOURS) <= PIXEL_COLOURS


def is_line_art(rgb: Tensor) -> bool:
    """Mostly paper of one colour, and thin lines: the rest nearly vanishes with its edges."""
    paper = rgb.flatten(1).median(1).values[:, None, None]
    apart = (rgb - paper).abs().amax(0)
    ink = (apart > NEAR).float()
    share = float(ink.mean())
    if not INKED < share <= 1 - PAPER or float((apart * ink).sum() / ink.sum()) < STRONG:
        return False
    left = -torch.nn.functional.max_pool2d(-ink[None], 7, 1, 3)
    return float(left.mean()) <= (1 - THIN) * share


def held_to(art: Art, change: Tensor) -> Tensor:
    """The change (3, H, W) as that art bears it: without colour, and in whole cells of its grid."""
    if art.grey:
        change = change.float().mean(0, keepdim=True).expand(3, -1, -1).to(change.dtype)
    return change if art.grid is None else in_cells(change, art.grid)


def in_cells(picture: Tensor, grid: Grid) -> Tensor:
    """Every cell of the grid at its mean; those at the border may be cut off."""
    rows, columns = (
        (torch.arange(length) + grid.cell - start) // grid.cell
        for length, start in zip(picture.shape[1:], (grid.top, grid.left), strict=True)
    )
    down, across = means_of(rows), means_of(columns)
    cells = down @ picture.float() @ across.T
    return cells[:, rows][:, :, columns].to(picture.dtype)


def means_of(which: Tensor) -> Tensor:
    """(cells, pixels): the weights with which pixels make their cell's mean."""
    matrix = torch.zeros(int(which.max()) + 1, len(which))
    matrix[which, torch.arange(len(which))] = 1
    return matrix / matrix.sum(1, keepdim=True).clamp_min(1)
