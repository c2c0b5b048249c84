"""Steps against a model's denoiser, given to the loop as encoders.

The loop lowers the squared distance between an encoder's output and an aim (or raises it, where the
recipe's `away` is set). So each loss of a denoiser is written as an output and an aim: the
denoiser's error with the aim 0, or the noise it predicts with the goals' latents as the aim.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ..denoisers.loaded import Model, denoiser, drawn_noise
from ..machine.device import Device
from ..surrogates import Encoder
from ..surrogates.encoders import gradient_encoders
from ..types import Denoising, Plan
from .aims import Aims
from .canvas import Canvas
from .course import Course, Step
from .handling import handled
from .look import look
from .views import CROP, Views, views

SEEDS = 2**31
LARGEST = 512  # pixels; a denoiser's attention grows with the square of a view's pixels


@dataclass(frozen=True)
class Through:
    """A denoiser and the autoencoder in front of it."""

    sees: Model
    encode: Encoder

    def latents(self, rgb: Tensor) -> Tensor:
        """(B, 3, h, w) in [0, 1] -> the latents that the denoiser learnt on, in float32."""
        return self.sees.latents(self.encode(rgb))


def through_model(plan: Plan, device: Device) -> Through:
    """The denoiser and autoencoder of the plan's model."""
    return through_folder(plan.model, plan.prompt, device)


def through_folder(model: str, prompt: str, device: Device) -> Through:
    """The denoiser and autoencoder in that folder; latents are the encoder's mean, not a sample."""
    (encode,) = gradient_encoders(model, device).values()
    return Through(denoiser(model, prompt, device), encode)


Loss = Callable[[Model, Tensor, Tensor, Tensor], Tensor]
"""(model, latents, noise, levels) -> the output whose distance to the aim is the loss."""


def error(model: Model, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
    """AdvDM (Liang et al., 2023): training's own loss."""
    return model.error(latents, noise, at)


def distilled(model: Model, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
    """SDS (Xue et al., 2024): the same error, its gradient taken as if the network were the
    identity.

    Half the squared norm of this has the error itself as its gradient with respect to the latents.
    """
    with torch.no_grad():
        found = model.error(latents, noise, at)
    return found + latents - latents.detach()


def seen_noise(model: Model, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
    """Mist v2 (Zheng et al., 2023): the predicted noise, which is to become the goals' latents."""
    return model.guessed_noise(latents, noise, at)


LOSSES: dict[str, Loss] = {"error": error, "distilled": distilled, "goal": seen_noise}


def denoised_views(height: int, width: int, crop: int = CROP) -> Views:
    """What a denoiser sees of a picture; `crop` as for encoders, which need half the memory."""
    return views(height, width, crop // 2, LARGEST)


class DenoiserCourse:
    """Steps on views through the denoiser, with steps of another course, if any, in between."""

    def __init__(
        self, plan: Plan, on: Canvas, through: Through, others: Course | None, crop: int
    ) -> None:
        assert plan.recipe.denoising
        self._asks: Denoising = plan.recipe.denoising
        height, width = plan.artwork.rgb.shape[1:]
        self._views = denoised_views(height, width, crop)
        self._through, self._others = through, others
        self._canvas, self._aims = on, Aims(on)

    def at(self, step: int, draw: Generator) -> Step:
        number = turns(step, self._asks.share)  # of its own steps; these lie evenly apart
        if self._others and not in_turn(step, self._asks.share):
            return self._others.at(step - number, draw)
        part = look(self._views.draw(number, draw), self._canvas.size)
        level, seed = torch.randint(SEEDS, (2,), generator=draw).tolist()
        aim = torch.zeros((), device=self._canvas.clean.device)
        if self._asks.loss == "goal":
            aim = self._aims.at(0, self._through.latents, part)
        return Step(part, self.seen(level, seed), aim, handled(number, part))

    def seen(self, level: int, seed: int) -> Encoder:
        """The recipe's loss as an encoder; `level` and `seed` choose the noise level and noise."""
        return looked_at(self._asks, self._through, level, seed)


def looked_at(asks: Denoising, through: Through, level: int, seed: int) -> Encoder:
    """The recipe's loss as an encoder, at one noise level and with one noise.

    level  any number from 0 up; the recipe's levels are counted round and round
    seed   draws the noise
    """
    levels = through.sees.noise.levels(asks.low, asks.high)
    at, loss = torch.tensor([levels[level % len(levels)]]), LOSSES[asks.loss]

    def encode(rgb: Tensor) -> Tensor:
        latents = through.latents(rgb)
        return loss(through.sees, latents, drawn_noise(latents, seed), at)

    return encode


def turns(step: int, share: float) -> int:
    """How many of the steps before this one used the denoiser."""
    return int(step * share)


def in_turn(step: int, share: float) -> bool:
    """Whether this step uses the denoiser."""
    return turns(step + 1, share) > turns(step, share)
