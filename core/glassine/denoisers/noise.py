"""How a model's training mixes latents with noise, and what its network has to predict then.

Three forms: the noise itself (epsilon; Ho et al., 2020), v (Salimans and Ho, 2022), and the
direction from latents to noise (flow matching; Lipman et al., 2022).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from ..errors import WeightsMissing

Predicts = Literal["epsilon", "v_prediction", "flow"]
_FLOW, _STEPS = "FlowMatch", 1000


@dataclass(frozen=True)
class Noise:
    """The levels of noise that a model knows, from least to most.

    signal, spread  (N,): factors of the latents and of the noise in the mix at each level
    times           (N,): the timestep that the network is given at each level
    """

    predicts: Predicts
    signal: Tensor
    spread: Tensor
    times: Tensor

    def shares(self, at: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
        """Factors of latents and of noise at levels `at` (B,), as (B, 1, 1, 1)."""
        signal, spread = (
            share[at.cpu()].to(like)[:, None, None, None] for share in (self.signal, self.spread)
        )
        return signal, spread

    def mixed(self, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
        """Latents and noise (B, C, h, w) mixed at levels `at` (B,)."""
        signal, spread = self.shares(at, latents)
        return signal * latents + spread * noise

    def truth(self, latents: Tensor, noise: Tensor, at: Tensor) -> Tensor:
        """What the network should predict, in its own form."""
        signal, spread = self.shares(at, latents)
        if self.predicts == "flow":
            return noise - latents
        return noise if self.predicts == "epsilon" else signal * noise - spread * latents

    def noise_in(self, guess: Tensor, mixed: Tensor, at: Tensor) -> Tensor:
        """The noise in the mix according to a prediction, whatever its form."""
        signal, spread = self.shares(at, mixed)
        if self.predicts == "flow":
            return mixed + signal * guess
        return guess if self.predicts == "epsilon" else signal * guess + spread * mixed

    def parted(self, guess: Tensor, mixed: Tensor, at: Tensor) -> tuple[Tensor, Tensor]:
        """The latents and the noise in the mix according to a prediction, whatever its form."""
        signal, spread = self.shares(at, mixed)
        noise = self.noise_in(guess, mixed, at)
        if self.predicts == "flow":
            return mixed - spread * guess, noise
        if self.predicts == "v_prediction":
            return signal * mixed - spread * guess, noise
        return (mixed - spread * noise) / signal, noise

    def levels(self, low: float, high: float) -> range:
        """The levels between two shares of all levels, at least one of them."""
        count = len(self.times)
        first = min(int(low * count), count - 1)
        return range(first, max(first + 1, round(high * count)))


def noise_of(config: Mapping[str, Any]) -> Noise:
    """The noise of a scheduler's config; raises WeightsMissing where it predicts another form."""
    if str(config.get("_class_name", "")).startswith(_FLOW):
        count = int(config.get("num_train_timesteps", _STEPS))
        spread = torch.arange(1, count + 1) / count
        return Noise("flow", 1 - spread, spread, spread * count)
    predicts = config.get("prediction_type", "epsilon")
    if predicts not in ("epsilon", "v_prediction"):
        raise WeightsMissing("model.predicts", found=str(predicts))
    from diffusers import DDPMScheduler

    kept = DDPMScheduler.from_config(dict(config)).alphas_cumprod
    return Noise(predicts, kept.sqrt(), (1 - kept).sqrt(), torch.arange(len(kept)).float())
