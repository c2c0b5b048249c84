"""The interface that a probe needs of a diffusion model, and what it computes with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import torch
from torch import Generator, Tensor

GUIDANCE = 3.0
"""Scale of classifier-free guidance."""

LEVELS = (0.1, 0.25, 0.4, 0.55, 0.7, 0.85)
"""Noise levels at which the loss is taken, as shares of all levels."""

_FIRST = 0.999  # level at which sampling starts; at 1 some models would divide latents by zero


class Asked(Protocol):
    """A latent diffusion model.

    Pictures are (N, 3, side, side) in [0, 1]; a noise level is a share of all levels, 0 to 1.
    """

    @property
    def side(self) -> int:
        """Side of its pictures, in pixels."""

    @property
    def guided(self) -> bool:
        """Whether captions need classifier-free guidance."""

    def encode(self, pictures: Tensor) -> Tensor:
        """Pictures -> the latents on which the denoiser works."""

    def decode(self, latents: Tensor) -> Tensor:
        """Latents -> pictures."""

    def shares(self, level: float) -> tuple[float, float]:
        """The factors of latents and noise in noised latents of that level."""

    def parted(self, mixed: Tensor, level: float, caption: str) -> tuple[Tensor, Tensor]:
        """The clean latents and the noise that the denoiser predicts in noised latents."""


def noise_like(latents: Tensor, seed: int) -> Tensor:
    """(N, C, h, w): Gaussian noise, the same for each of the N."""
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
    """(count, 3, side, side) in [0, 1]: pictures for the caption, by DDIM (Song et al., 2021)."""
    one = model.encode(torch.zeros(1, 3, model.side, model.side))
    draw = Generator().manual_seed(seed)
    latents = torch.randn((count, *one.shape[1:]), generator=draw).to(one)
    return walked(model, latents, caption, steps)


@torch.no_grad()
def painted(
    model: Asked, picture: Tensor, hidden: Tensor, caption: str, seeds: range, steps: int
) -> Tensor:
    """(seeds, 3, side, side): the picture with its hidden part painted by the model.

    The visible part is put back at every noise level (Lugmayr et al., 2022). The encoder is given
    the mean colour in the hidden part: otherwise neighbouring latents would give it away.

    picture  (3, side, side)
    hidden   (1, side, side): 1 where the picture is hidden
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
    """Noise -> pictures, by DDIM in that many steps.

    seen, hidden  latents of a picture, and a mask: where it is 0, the result keeps the latents
    """
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
    """As `Asked.parted`, with classifier-free guidance where the model needs it."""
    asked = model.parted(mixed, level, caption)
    if not (model.guided and caption):
        return asked
    free = model.parted(mixed, level, "")
    clean, noise = (
        plain + GUIDANCE * (told - plain) for told, plain in zip(asked, free, strict=True)
    )
    return clean, noise
