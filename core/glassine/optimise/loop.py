"""The optimiser: signed momentum steps under a per-pixel allowance (Madry et al., 2018; Dong et al.,
2018), on every family at once, tile by tile."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..device import Device, choose
from ..encoders import encoders
from ..purifiers import PURIFIERS
from ..surrogates import Encoder
from ..types import Plan, Progress, Protected, Watch, quiet
from ..units import to_unit
from .fit import fit
from .pull import Pull, pulls
from .strength import composite, settled
from .tiles import STRIDE, Tile, tiles

SMALLEST = 64  # pixels; smaller sides are mirrored up to it before an encoder sees them


def optimise(plan: Plan, *, watch: Watch = quiet) -> Protected:
    """The change that pulls every surrogate's latents to the goals, at the plan's score."""
    change = explored(plan, watch)
    return Protected(plan, settled(plan, change, watch))


def explored(plan: Plan, watch: Watch) -> Tensor:
    """(3, H, W): the change at full reach, tiles cross-faded."""
    clean, device = plan.artwork.rgb, choose(plan.device)
    nets = [net for name in plan.surrogates for net in encoders(name, device).values()]
    todo = list(tiles(*clean.shape[1:]))
    change = torch.zeros_like(clean)
    for at, tile in enumerate(todo):
        if not tile.cut(plan.allowance).any():
            continue  # nothing may change here

        def told(done: int, at: int = at) -> None:
            watch(Progress(at * plan.steps + done, len(todo) * plan.steps, "optimise"))

        change[:, tile.rows, tile.columns] += tile.weight * attack(plan, tile, nets, device, told)
    return change


def attack(
    plan: Plan, tile: Tile, nets: Sequence[Encoder], device: Device, told: Callable[[int], None]
) -> Tensor:
    """(3, h, w): the change of one tile after all steps."""
    draw = Generator().manual_seed(plan.seed)
    clean = padded(tile.cut(plan.artwork.rgb)).to(device.kind)
    alpha = None if plan.artwork.alpha is None else tile.cut(plan.artwork.alpha)
    alpha = None if alpha is None else padded(alpha).to(device.kind)
    reach = to_unit(plan.recipe.reach)
    limit = reach * padded(tile.cut(plan.allowance)).to(device.kind)
    goals = [(padded(tile.cut(goal.picture))[None], goal.weight) for goal in plan.goals]
    towards = pulls(nets, goals)
    change, drift = torch.zeros_like(clean), torch.zeros_like(clean)
    for done in range(plan.steps):
        change.requires_grad_(True)
        seen = handled(composite(clean + change, alpha), plan.recipe.resist, draw)[None]
        slope = slopes(drawn(towards, plan.recipe.draw, done), seen, change)
        drift = plan.recipe.momentum * drift + slope / slope.abs().mean().clamp_min(1e-20)
        pace = limit * (1 - done / plan.steps)
        change = fit(change.detach() - pace * drift.sign(), clean, limit)
        told(done + 1)
    height, width = tile.cut(plan.allowance).shape[1:]
    return change[:, :height, :width].cpu()


def slopes(towards: Sequence[Pull], seen: Tensor, change: Tensor) -> Tensor:
    """Sum over families of slopes of equal size: no family shouts another down."""
    return torch.stack([pull.slope(seen, change) for pull in towards]).sum(0)


def drawn(towards: Sequence[Pull], count: int, step: int) -> Sequence[Pull]:
    """The families of one step: all, or `count` of them in turn."""
    if not count or count >= len(towards):
        return towards
    return [towards[(step * count + i) % len(towards)] for i in range(count)]


def handled(rgb: Tensor, resist: tuple[str, ...], draw: Generator) -> Tensor:
    """The picture as a stranger might receive it: one handling drawn at random, or none."""
    pick = int(torch.randint(len(resist) + 1, (), generator=draw))
    return rgb if pick == len(resist) else PURIFIERS[resist[pick]].apply(rgb, draw)


def padded(picture: Tensor) -> Tensor:
    """Mirrored at right and bottom to multiples of the stride and to at least SMALLEST."""
    height, width = picture.shape[1:]
    down, right = (max(SMALLEST, -(-s // STRIDE) * STRIDE) - s for s in (height, width))
    mode = "reflect" if down < height and right < width else "replicate"
    return F.pad(picture[None], (0, right, 0, down), mode=mode)[0] if down or right else picture
