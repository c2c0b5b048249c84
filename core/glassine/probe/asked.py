"""What a probe needs of a diffusion model, and what it can ask of one that has that."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Generator, Tensor

GUIDANCE = 3.0
"""How much more the caption counts than no caption."""

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)
"""Shares of all levels of noise at which the loss is taken."""

_FIRST = 0.999  # level at which sampling starts; at 1 some models' latents are divided by nothing


class Asked(Protocol):
    """A latent diffusion model.

    Pictures are (N, 3, side, side) in [0, 1]; a level is a share of all levels of noise, 0 to 1.
    """

    @property
    def side(self) -> int: ...

    @property
    def guided(self) -> bool:
        """Whether captions are to count more than none."""

    def encode(self, pictures: Tensor) -> Tensor:
        """To the latents that the denoiser learnt on."""

    def decode(self, latents: Tensor) -> Tensor: ...

    def shares(self, level: float) -> tuple[float, float]:
        """How much of the latents and how much noise is in the mix at that level."""

    def parted(self, mixed: Tensor, level: float, caption: str) -> tuple[Tensor, Tensor]:
        """What it takes for the latents and what for the noise in a mix."""


def noise_like(latents: Tensor, seed: int) -> Tensor:
    """(N, C, h, w): the same for each of the N."""
    draw = Generator().manual_seed(seed)
    one = torch.randn((1, *latents.shape[1:]), generator=draw)
    return one.to(latents).expand(latents.shape)


@torch.no_grad()
def losses(
    model: Asked, latents: Tensor, caption: str, seed: int, levels: Sequence[float] = LEVELS
) -> Tensor:
    """(levels, N): the denoiser's mean square error, with the same noise for each of the N."""
    rows = []
    for at, level in enumerate(levels):
        noise = noise_like(latents, seed + at)
        signal, spread = model.shares(level)
        _, guess = model.parted(signal * latents + spread * noise, level, caption)
        rows.append((guess - noise).square().flatten(1).mean(1))
    return torch.stack(rows)


@torch.no_grad()
def sampled(model: Asked, caption: str, count: int, seed: int, steps: int) -> Tensor:
    """(count, 3, side, side) in [0, 1]; DDIM (Song et al., 2021)."""
    one = model.encode(torch.zeros(1, 3, model.side, model.side))
    draw = Generator().manual_seed(seed)
    latents = torch.randn((count, *one.shape[1:]), generator=draw).to(one)
    return walked(model, latents, caption, steps)


@torch.no_grad()
def painted(
    model: Asked, picture: Tensor, hidden: Tensor, caption: str, seeds: range, steps: int
) -> Tensor:
    """(seeds, 3, side, side): the picture with its hidden part painted by the model.

    What is seen is put back at every level (Lugmayr et al., 2022). The encoder gets the mean
    colour in place of what is hidden, or the latents beside it would tell.
    picture  (3, side, side)
    hidden   (1, side, side), 1 where it is not shown
    """
    colour = (picture * (1 - hidden)).sum((1, 2)) / (1 - hidden).sum()
    blank = torch.where(hidden > 0, colour[:, None, None], picture)
    seen = model.encode(blank[None])
    small = torch.nn.functional.interpolate(hidden[None], seen.shape[2:], mode="area").to(seen)
    start = torch.cat([noise_like(seen, seed) for seed in seeds])
    made = walked(model, start, caption, steps, seen, small)
    return torch.where(hidden > 0, made, picture)


def walked(
    model: Asked,
    start: Tensor,
    caption: str,
    steps: int,
    seen: Tensor | None = None,
    hidden: Tensor | None = None,
) -> Tensor:
    """From noise to pictures; where `hidden` is 0, along what is `seen`."""
    mixed, clean = start, start
    for step in range(steps):
        level, after = (_FIRST * (1 - at / steps) for at in (step, step + 1))
        clean, noise = guided(model, mixed, level, caption)
        signal, spread = model.shares(after)
        if seen is not None and hidden is not None:
            clean = torch.where(hidden > 0, clean, seen)
            noise = torch.where(hidden > 0, noise, start)
        mixed = signal * clean + spread * noise
    return torch.cat([model.decode(part) for part in torch.split(clean, 8)]).clamp(0, 1)


def guided(model: Asked, mixed: Tensor, level: float, caption: str) -> tuple[Tensor, Tensor]:
    asked = model.parted(mixed, level, caption)
    if not (model.guided and caption):
        return asked
    free = model.parted(mixed, level, "")
    clean, noise = (
        plain + GUIDANCE * (told - plain) for told, plain in zip(asked, free, strict=True)
    )
    return clean, noise
