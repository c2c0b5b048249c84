"""The change of a whole picture: all sizes, and the tiles of each."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..machine.device import Device
from ..types import Plan, Progress, Watch
from .levels import add, levels
from .schedule import schedules
from .steps import tile_change
from .tiles import Tile, tiles
from .tint import cells, tint


def pyramid(plan: Plan, device: Device, size: int, watch: Watch) -> Tensor:
    """(3, H, W) float16, enough for a change of a few levels: the changes of all sizes together.

    size  of a tile, in pixels
    """
    along = schedules(plan, device)
    (_, full), *smaller = todo = [(level, cut(level.plan, size)) for level in levels(plan)]
    done, steps = 0, sum(len(parts) for _, parts in todo) * sum(one.steps for one in along)

    def stepped() -> None:
        nonlocal done
        done += 1
        watch(Progress(done, steps, "optimise"))

    def tiled(plan: Plan, parts: Sequence[Tile]) -> Tensor:
        change = torch.zeros(plan.artwork.rgb.shape, dtype=torch.float16)
        colours = cells(plan, drawn=any(count for count, _ in along[0].groups))
        for tile in parts:
            start = tint(plan, tile, colours)
            found = tile.weight * tile_change(plan, tile, start, along, device, stepped)
            change[:, tile.rows, tile.columns] += found.half()
        return change

    change = tiled(plan, full)
    for level, parts in smaller:
        add(change, tiled(level.plan, parts), level.weight)
    return change


def cut(plan: Plan, size: int) -> list[Tile]:
    """Tiles in which something may change."""
    _, height, width = plan.artwork.rgb.shape
    return [tile for tile in tiles(height, width, size) if tile.cut(plan.allowance).any()]
