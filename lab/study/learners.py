"""What the experiments ask of a model that learns pictures: `small.Small` and `stable.Stable`."""

from __future__ import annotations

from typing import Any, Protocol

import torch
from torch import Tensor

RANK, LAYERS = 8, ("to_q", "to_k", "to_v", "to_out.0")


class Learner(Protocol):
    """Latents are (N, 4, side / 8, side / 8), pictures (N, 3, side, side) in [0, 1]."""

    side: int

    def describe(self) -> dict[str, Any]: ...

    def latents(self, pictures: Tensor) -> Tensor: ...

    def finetuned(
        self,
        latents: Tensor,
        captions: list[str],
        *,
        seed: int,
        steps: int = ...,
        rate: float | None = ...,
        odds: Tensor | None = ...,
        lora: bool = ...,
    ) -> Learner:
        """A copy that was trained further on these; odds: how often each is drawn."""

    def sampled(self, caption: str, count: int, *, seed: int) -> Tensor: ...


def beside(unet: Any, seed: int) -> Any:  # noqa: ANN401 - diffusers and peft have no types
    """The network with low-rank matrices beside its attention; only these are trained."""
    from peft import LoraConfig, get_peft_model

    torch.manual_seed(seed)  # peft draws its matrices from the global generator
    return get_peft_model(unet, LoraConfig(r=RANK, target_modules=list(LAYERS)))
