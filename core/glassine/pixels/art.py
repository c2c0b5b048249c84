"""What kind of picture it is, guessed from its pixels: how it may be changed depends on that.

The thresholds were measured on paintings, wallpapers, and drawn line art, pixel art, gradients and
ink scans (lab/bench/kinds.py, docs/folders.md). The guess chooses the strength to begin with, and
the artist is told of it.
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
"""Kinds that a balanced change spoils: they have no texture that would hide it."""

TINT, TINTED = to_unit(Levels(6)), 0.002
"""A picture is grey where its channels are no more than TINT apart, except in a share TINTED of its
pixels: edges may have colour fringes."""

COLOURS, PIXEL_COLOURS, SMALL = 256, 64, 400
"""Most colours of enlarged pixel art; of pixel art at its own size; the latter's longest side in
pixels."""

CELLS, LINES, EXCESS = range(3, 33), 8, 0.2
EDGE = to_unit(Levels(15))
"""How a grid is found in enlarged pixel art whose edges a JPEG has blurred. CELLS: sizes of cells
that are tried, in pixels. LINES: how many lines the grid has at least. EXCESS: the share of all
steps between neighbours that lies on the grid, beyond what chance would put there (.29 for pixel
art saved at quality 60, up to .12 for other pictures). EDGE: least mean step there (2 levels at the
borders of a JPEG's own blocks)."""

STILL = to_unit(Levels(1.5))  # largest step between neighbours within one smooth surface
FLAT = 0.72  # share of such steps in flat pictures and gradients; wallpaper photos have up to .6
GRAIN, BLOCK, CALM = to_unit(Levels(2)), 8, 0.85
"""A gradient with dither grain counts as flat too: blocks of BLOCK x BLOCK pixels differ from a
plane by GRAIN at most (root mean square), and a share CALM of them does so. In photos it is up to
.79 of them, in gradients with a grain of 1.5 levels all."""

INKED, PAPER, THIN = 0.01, 0.6, 0.6
"""Least shares in line art: of the picture that is ink; of the picture that is paper; of the ink
that is within 3 pixels of paper."""

NEAR, STRONG = to_unit(Levels(24)), 0.25
"""Largest distance of paper from the paper's colour; least mean distance of ink from it, which a
wash of paint does not reach."""

SMOOTH = 0.2  # least share of still steps in photos; paintings have less
SIDE = 1024  # pixels; larger pictures are judged by their middle, except for their grid


def art_of(rgb: Tensor) -> Art:
    """The kind of a picture (3, H, W) in [0, 1]."""
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
    """The middle SIDE x SIDE pixels at most, not resized: steps between neighbours are counted."""
    height, width = rgb.shape[1:]
    top, left = max(0, height - SIDE) // 2, max(0, width - SIDE) // 2
    return rgb[:, top : top + SIDE, left : left + SIDE]


def is_grey(rgb: Tensor) -> bool:
    tint = rgb.amax(0) - rgb.amin(0)
    return float((tint > TINT).float().mean()) <= TINTED


def still_share(rgb: Tensor) -> float:
    """Share of steps between neighbouring pixels that are no larger than STILL."""
    across = (rgb[:, :, 1:] - rgb[:, :, :-1]).abs().amax(0)
    down = (rgb[:, 1:] - rgb[:, :-1]).abs().amax(0)
    still = (across <= STILL).sum() + (down <= STILL).sum()
    return float(still) / (across.numel() + down.numel())


def plane_share(rgb: Tensor) -> float:
    """Share of blocks that are a plane with GRAIN at most; 0 where the picture is smaller than one
    block."""
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
    """How many colours there are at 8 bits, or most + 1 where there are more than `most`."""
    every = max(1, rgb[0].numel() // 4096)  # in most pictures a sample has too many already
    for pixels in (rgb.flatten(1)[:, ::every], rgb.flatten(1)):
        red, green, blue = (pixels * steps(8)).round().to(torch.int32)
        found = len(torch.unique(red << 16 | green << 8 | blue))
        if found > most:
            break
    return min(found, most + 1)


def grid_of(rgb: Tensor) -> Grid | None:
    """The grid on which all edges of a picture of few colours lie; None where there is none."""
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
    """The grid on which most steps lie, as in enlarged pixel art saved as a JPEG; else None."""
    part = rgb[:, :SIDE, :SIDE]
    rows, columns = (part.diff(dim=dim).abs().amax(0).mean(2 - dim) for dim in (1, 2))
    down, across = lines_in(rows), lines_in(columns)
    if down is None or across is None:
        return None
    cell = gcd(down[0], across[0])
    return Grid(cell, down[1] % cell, across[1] % cell) if cell in CELLS else None


def lines_in(step: Tensor) -> tuple[int, int] | None:
    """Cell size and first line of the clearest grid along one axis; None where steps lie anywhere.

    The cell may be several of the art's own pixels.
    step  (length - 1,): mean step from each row or column to the next
    """
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
    """The rows or columns at which something else begins.

    changed  (length - 1,): whether each differs from the one before
    """
    return [int(at) + 1 for at in torch.nonzero(changed).flatten()]


def is_pixel_art(rgb: Tensor, still: float) -> bool:
    """Whether it is pixel art at its own size: small, of few colours, with edges everywhere.

    still  its `still_share`
    """
    small = max(rgb.shape[1:]) <= SMALL
    return small and still < 0.97 and 2 < colours(rgb, PIXEL_COLOURS) <= PIXEL_COLOURS


def is_line_art(rgb: Tensor) -> bool:
    """Whether it is mostly paper of one colour, and the rest thin lines: eroding 3 pixels from each
    edge nearly removes them."""
    paper = rgb.flatten(1).median(1).values[:, None, None]
    apart = (rgb - paper).abs().amax(0)
    ink = (apart > NEAR).float()
    share = float(ink.mean())
    if not INKED < share <= 1 - PAPER or float((apart * ink).sum() / ink.sum()) < STRONG:
        return False
    left = -torch.nn.functional.max_pool2d(-ink[None], 7, 1, 3)
    return float(left.mean()) <= (1 - THIN) * share


def held_to(art: Art, change: Tensor) -> Tensor:
    """The change (3, H, W), without colour for grey art, and in whole cells where it has a grid."""
    if art.grey:
        change = change.float().mean(0, keepdim=True).expand(3, -1, -1).to(change.dtype)
    return change if art.grid is None else in_cells(change, art.grid)


def grid_from(grid: Grid, top: int, left: int) -> Grid:
    """The grid as it lies on a part of the picture that begins at that row and column."""
    return Grid(grid.cell, (grid.top - top) % grid.cell, (grid.left - left) % grid.cell)


def grid_on(grid: Grid, height: int, high: int) -> Grid | None:
    """The grid of a picture of that height on a reduced copy of it; None where it is no grid of
    pixels there, or each pixel is a cell.

    high  the copy's height
    """
    times, rest = divmod(height, high)
    if rest or any(value % times for value in vars(grid).values()) or grid.cell == times:
        return None
    return Grid(grid.cell // times, grid.top // times, grid.left // times)


def in_cells(picture: Tensor, grid: Grid) -> Tensor:
    """(C, H, W): every cell of the grid replaced by its mean; the border may cut cells off."""
    rows, columns = (
        (torch.arange(length) + grid.cell - start) // grid.cell
        for length, start in zip(picture.shape[1:], (grid.top, grid.left), strict=True)
    )
    down, across = (means_of(which).to(picture.device) for which in (rows, columns))
    cells = down @ picture.float() @ across.T
    return cells[:, rows][:, :, columns].to(picture.dtype)


def means_of(which: Tensor) -> Tensor:
    """(cells, pixels): the weights with which pixels make their cell's mean.

    which  (pixels,): the cell of each
    """
    matrix = torch.zeros(int(which.max()) + 1, len(which))
    matrix[which, torch.arange(len(which))] = 1
    return matrix / matrix.sum(1, keepdim=True).clamp_min(1)
