"""The method before judges were in the loop (commit c1768e7), kept for comparison.

Sign steps with a texture-weighted allowance at the posted size; a large picture is optimised
separately at reduced sizes too, and the changes are added up. For pictures that fit one tile.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from glassine.explore.training_sizes import SIZES
from glassine.flow.strength import scaled_to
from glassine.machine.device import Device, choose
from glassine.pixels.grid import on_grid
from glassine.pixels.pad import padded
from glassine.pixels.resize import lanczos
from glassine.surrogates import Encoder
from glassine.surrogates.encoders import gradient_encoders
from glassine.units import Score
from glassine.visibility import ssimulacra2, texture_allowance
from torch import Tensor

REACH, POWER, STEEP = 8 / 255, 0.35, 3.0
COLOUR = torch.tensor((1.0, 0.6, 1.8))[:, None, None]
TINT, CELL, FLOOR = 0.03, 32, 0.35
SHARE, MATTERS = 0.6, 1.25


def nets(names: tuple[str, ...], device: Device | None = None) -> list[Encoder]:
    """Encoders of the surrogates. A step looked at one family of the shipped surrogate, or at all
    families of the real ones."""
    on = device or choose("cpu")
    return [net for name in names for net in gradient_encoders(name, on).values()]


def change(clean: Tensor, goal: Tensor, names: tuple[str, ...], steps: int, score: float) -> Tensor:
    """(3, H, W): the change at full reach, all sizes together."""
    encoders, alone = nets(names), names == ("embedded",)
    reach = REACH * min(1.0, (100 - score) / 20)
    found = level(clean, goal, encoders, steps, reach, TINT * (1 if alone else 2 / 3), alone)
    weight, (height, width) = 1.0, clean.shape[1:]
    for side in sorted(SIZES, reverse=True):
        if min(height, width) < MATTERS * side:
            continue
        weight *= SHARE
        factor = side / min(height, width)
        size = round(height * factor), round(width * factor)
        small = level(lanczos(clean, *size), lanczos(goal, *size), encoders, steps, reach, 0, alone)
        whole = F.interpolate(small[None], (height, width), mode="bicubic", align_corners=False)
        found = found + weight * whole[0]
    return found


def level(
    clean: Tensor,
    goal: Tensor,
    encoders: list[Encoder],
    steps: int,
    reach: float,
    tint: float,
    alone: bool,
) -> Tensor:
    allowance = texture_allowance(clean)
    limit, base = reach * allowance * COLOUR, (clean + tinted(clean, goal, tint)).clamp(0, 1)
    with torch.no_grad():
        aims = [encode(padded(goal)[None]) for encode in encoders]
    moved = torch.zeros_like(clean)
    for step in range(steps):
        looked = [step % len(encoders)] if alone else range(len(encoders))
        total = torch.zeros_like(clean)
        for at in looked:
            seen = (base + moved).requires_grad_(True)
            loss = (encoders[at](padded(seen)[None]) - aims[at]).square().sum()
            total += of_mean_size(torch.autograd.grad(loss, seen)[0])
        gradient = of_mean_size(total)
        size = gradient.sign() * gradient.abs().clamp_max(STEEP) ** POWER
        moved = moved - (1 - step / steps) * limit * size
        moved = torch.maximum(torch.minimum(moved, limit), -limit)
        moved = (base + moved).clamp(0, 1) - base
    return (base + moved - clean).detach()


def tinted(clean: Tensor, goal: Tensor, share: float) -> Tensor:
    height, width = clean.shape[1:]
    grid = -(-height // CELL), -(-width // CELL)
    apart = F.adaptive_avg_pool2d(goal - clean, grid)
    smooth = F.interpolate(apart[None], (height, width), mode="bilinear", align_corners=False)[0]
    return share * smooth * (texture_allowance(clean) / FLOOR).clamp_max(1)


def of_mean_size(gradient: Tensor) -> Tensor:
    return gradient / gradient.abs().mean().clamp_min(1e-20)


def settled(clean: Tensor, change: Tensor, score: float) -> Tensor:
    """The picture with as much of the change as SSIMULACRA2, then the only judge, allows."""

    def scored(factor: float) -> Score:
        return ssimulacra2(clean, changed(clean, change, factor))

    return changed(clean, change, scaled_to(Score(score), scored, 4.0))


def changed(clean: Tensor, change: Tensor, factor: float) -> Tensor:
    """The picture with the change times `factor`, in 8 bits."""
    return on_grid((clean + factor * change).clamp(0, 1), 8)
