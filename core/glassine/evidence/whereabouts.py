"""Where a change shows against what surrounds it: in which third, and on what kind of place."""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..messages import Message, message

CELL = 8  # pixels
_CALM = 0.02  # contrast below which a cell is calm; also what the eye adds to any contrast
_STANDS_OUT = 2.0  # times its neighbourhood's contrast: a line, or an edge
_AROUND = 5  # cells
_MUCH, _MORE = 0.45, 1.25  # of all that shows, in one third; times a kind's share of the area
_SOME = 0.03  # of the picture; a kind on less is not named

DOWN = (message("place.upper"), message("place.middle"), message("place.lower"))
ACROSS = (message("place.left"), message("place.centre"), message("place.right"))
KINDS = (message("place.calm"), message("place.lines"), message("place.texture"))


@dataclass(frozen=True)
class Shows:
    """Cells of a picture, (rows, columns).

    loud  change over local contrast, 0 and more
    kind  0 where it is calm, 1 where a line stands out, 2 elsewhere
    """

    loud: Tensor
    kind: Tensor


def shows(clean: Tensor, seen: Tensor) -> Shows:
    """Both pictures (3, H, W) in [0, 1] -> what shows in their cells."""
    cell = min(CELL, *clean.shape[1:])
    change = F.avg_pool2d((seen - clean).abs().mean(0)[None, None].float(), cell)
    grey = clean.mean(0)[None, None].float()
    mean = F.avg_pool2d(grey, cell)
    contrast = (F.avg_pool2d(grey.square(), cell) - mean.square()).clamp_min(0).sqrt()
    around = F.avg_pool2d(contrast, _AROUND, 1, padding=_AROUND // 2, count_include_pad=False)
    lines = (contrast > _STANDS_OUT * around) & (contrast >= _CALM)
    kind = torch.where(contrast < _CALM, 0, torch.where(lines, 1, 2))
    return Shows((change / (contrast + _CALM))[0, 0], kind[0, 0])


def where_most(clean: Tensor, seen: Tensor) -> tuple[Message, ...]:
    """The third and the kind of place that have more than their share of what shows."""
    found = shows(clean, seen)
    whole = float(found.loud.sum())
    if whole == 0:
        return ()
    thirds = [
        (float(part.sum()) / whole, said)
        for axis, names in ((0, DOWN), (1, ACROSS))
        for part, said in zip(found.loud.tensor_split(3, axis), names, strict=True)
    ]
    share, place = max(thirds, key=lambda one: one[0])
    told: tuple[Message, ...] = (place,) if share >= _MUCH else ()
    densities = []
    for number, said in enumerate(KINDS):
        there = found.kind == number
        area = float(there.float().mean())
        if area >= _SOME:
            densities.append((float(found.loud[there].sum()) / whole / area, said))
    density, kind = max(densities, key=lambda one: one[0], default=(0.0, KINDS[0]))
    told += (kind,) if density >= _MORE else ()
    return told or (message("place.everywhere"),)
