"""The optimiser: signed steps with momentum under a per-pixel allowance, tile by tile.

Projected gradient descent (Madry et al., 2018) with the momentum of MI-FGSM (Dong et al., 2018);
steps are a little larger where slopes are steep.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from .. import memory
from ..device import Device, choose, ran_out_of_memory, repeatable
from ..encoders import walkers
from ..errors import OutOfMemory
from ..purifiers import PURIFIERS
from ..surrogates import SMALL, Encoder, named
from ..types import Plan, Progress, Protected, Watch, quiet
from ..units import to_unit
from .fit import fit
from .later import composite
from .levels import add, levels
from .pull import Pull, pulls
from .strength import settled
from .tiles import SIZE, STRIDE, Tile, tiles
from .tint import cells, tint

AFTER = 0.5  # of the allowance: the first step of a walk that goes on from a start
STEEP = 3.0  # times the mean size of a slope: no step grows beyond it
WHOLE = 20  # points of SSIMULACRA2: who may lose fewer walks less far; at 85 that closes 7 % more
REASON = 150  # letters of what a card said when it failed
SMALLEST = 64  # pixels; smaller sides are mirrored up to it before an encoder sees them


def optimise(plan: Plan, *, watch: Watch = quiet) -> Protected:
    """The change that pulls every surrogate's latents to the goals, at the plan's score."""
    change, notes = explored(plan, watch)
    rgb, more = settled(plan, change, watch)
    return Protected(plan, rgb, (*notes, *more))


def explored(plan: Plan, watch: Watch) -> tuple[Tensor, tuple[str, ...]]:
    """The change at full reach, and what had to be done differently than planned."""
    device = choose(plan.device)
    try:
        return fitted(plan, device, watch)
    except (RuntimeError, FloatingPointError) as error:
        if device.kind == "cpu":
            raise
        why = f"{type(error).__name__}: {error}".splitlines()[0][:REASON]
    cpu = choose("cpu")
    change, notes = fitted(plan, cpu, watch)
    return change, (f"{device.says} failed ({why}); it was done on the {cpu.says}.", *notes)


def fitted(plan: Plan, best: Device, watch: Watch) -> tuple[Tensor, tuple[str, ...]]:
    """The same on that device, as far as its memory allows."""
    notes: tuple[str, ...] = ()
    for device, size, instead in ladder(best):
        notes = (*notes, *([instead] if instead else []))
        try:
            with memory.reused(), repeatable():
                return pyramid(plan, device, size, watch), notes
        except (RuntimeError, MemoryError) as error:
            if not ran_out_of_memory(error):
                raise
    height, width = plan.artwork.rgb.shape[1:]
    raise OutOfMemory(
        f"This picture of {width} x {height} pixels was to be protected, and memory ran out even "
        "in the smallest tiles on the processor. Close other programs, or protect a smaller copy."
    )


def ladder(device: Device) -> Iterator[tuple[Device, int, str]]:
    """(device, tile size, sentence about it): what is tried in turn when memory runs out."""
    yield device, SIZE, ""
    yield device, SIZE // 2, f"Memory ran out on {device.says}; it was done in smaller tiles."
    if device.kind != "cpu":
        cpu = choose("cpu")
        yield cpu, SIZE, f"Memory ran out on {device.says}; it was done on the {cpu.says}."
    yield choose("cpu"), SIZE // 4, "Memory ran out again; it was done in the smallest tiles."


def pyramid(plan: Plan, device: Device, size: int, watch: Watch) -> Tensor:
    """(3, H, W) float16, enough for a change of a few levels: the changes of all sizes together."""
    walks = (*warm(plan, device), Walk(plan.steps, families(plan, device)))
    (_, full), *smaller = todo = [(level, cut(level.plan, size)) for level in levels(plan)]
    done, steps = 0, sum(len(parts) for _, parts in todo) * sum(walk.steps for walk in walks)

    def told() -> None:
        nonlocal done
        done += 1
        watch(Progress(done, steps, "optimise"))

    def tiled(plan: Plan, parts: Sequence[Tile]) -> Tensor:
        change = torch.zeros(plan.artwork.rgb.shape, dtype=torch.float16)
        colours = cells(plan, drawn=any(count for count, _ in walks[0].groups))
        for tile in parts:
            start = tint(plan, tile, colours)
            found = tile.weight * attack(plan, tile, start, walks, device, told)
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


@dataclass(frozen=True)
class Walk:
    """Steps on the same encoders, smaller and smaller ones.

    groups  each with how many of it one step looks at; 0 = all
    """

    steps: int
    groups: tuple[tuple[int, tuple[Encoder, ...]], ...]


def families(plan: Plan, device: Device) -> tuple[tuple[int, tuple[Encoder, ...]], ...]:
    """The plan's surrogates as groups of encoders."""
    alone = looked(plan) == 1
    loaded = {name: tuple(walkers(name, device, alone).values()) for name in plan.surrogates}
    if plan.recipe.draw:
        return ((plan.recipe.draw, tuple(net for nets in loaded.values() for net in nets)),)
    return tuple((named(name).draw, nets) for name, nets in loaded.items())


def looked(plan: Plan) -> int:
    """Families that one step looks at."""
    entries = map(named, plan.surrogates)
    return plan.recipe.draw or sum(one.draw or max(1, len(one.families)) for one in entries)


def warm(plan: Plan, device: Device) -> tuple[Walk, ...]:
    """A cheap start on the shipped likenesses of the real encoders, one a step, where planned."""
    if not plan.warm:
        return ()
    likenesses = walkers(SMALL, device, True)
    group = tuple(net for family, net in likenesses.items() if family in plan.surrogates)
    return (Walk(plan.warm, ((named(SMALL).draw, group),)),)


def attack(
    plan: Plan,
    tile: Tile,
    start: Tensor,
    walks: Sequence[Walk],
    device: Device,
    told: Callable[[], None],
) -> Tensor:
    """(3, h, w): the change of one tile after all steps, which add to its `start`."""

    def here(picture: Tensor) -> Tensor:
        return padded(tile.cut(picture).float()).to(device.kind)

    draw = Generator().manual_seed(plan.seed)
    untouched, colour = here(plan.artwork.rgb), torch.tensor(plan.recipe.colour, device=device.kind)
    clean = (untouched + padded(start).to(device.kind)).clamp(0, 1)
    limit = here(plan.allowance) * far(plan) * colour[:, None, None]
    alpha = None if plan.artwork.alpha is None else here(plan.artwork.alpha)
    goals = [(here(goal.picture)[None], goal.weight) for goal in plan.goals]
    change, drift = torch.zeros_like(clean), torch.zeros_like(clean)
    for number, walk in enumerate(walks):
        groups = [  # a family whose turn never comes needs no goal: a preview has three steps
            (count, pulls(group[: count * walk.steps or None], goals))
            for count, group in walk.groups
        ]
        first = AFTER if number else 1.0
        for done in range(walk.steps):
            change.requires_grad_(True)
            seen = handled(composite(clean + change, alpha), plan.recipe.resist, draw)[None]
            now = [pull for count, group in groups for pull in drawn(group, count, done)]
            slope = slopes(now, seen, change)
            drift = plan.recipe.momentum * drift + slope / slope.abs().mean().clamp_min(1e-20)
            pace = first * limit * (1 - done / walk.steps)
            change = fit(change.detach() - pace * sized(drift, plan.recipe.power), clean, limit)
            told()
    if not change.isfinite().all():
        raise FloatingPointError("it gave no numbers")
    height, width = tile.cut(plan.allowance).shape[1:]
    return (change + clean - untouched)[:, :height, :width].cpu()


def far(plan: Plan) -> float:
    """The recipe's reach in [0, 1]; less where the result would be scaled to half of it anyway.

    On the real five at 85, five pictures: +7 %; on the embedded ones +1 %. At 70 and below a reach
    found picture by picture, from how much noise fits, gave nothing (lab/study/embedded).
    """
    return to_unit(plan.recipe.reach) * min(1.0, (100 - plan.score) / WHOLE)


def slopes(towards: Sequence[Pull], seen: Tensor, change: Tensor) -> Tensor:
    """Sum over families of slopes of equal size: no family shouts another down."""
    return torch.stack([pull.slope(seen, change) for pull in towards]).sum(0)


def sized(slope: Tensor, power: float) -> Tensor:
    """Its sign, larger where the slope is steep: where it is nearly flat the sign is chance.

    With the power .35 steps on one family in turn close 3 % more at equal visibility than with 0,
    steps on all five as much at a lower LPIPS (lab/study/embedded).
    """
    steep = slope.abs() / slope.abs().mean().clamp_min(1e-20)
    return slope.sign() * steep.clamp_max(STEEP) ** power


def drawn(group: Sequence[Pull], count: int, step: int) -> Sequence[Pull]:
    """The families of one step: all, or `count` of them in turn; each comes once a round."""
    if not count or count >= len(group):
        return group
    return [group[(step * count + i) % len(group)] for i in range(count)]


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
