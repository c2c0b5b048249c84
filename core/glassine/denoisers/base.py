"""What a denoiser is: the network that fine-tuning changes, as its pipeline uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # whoever lists what there is need not wait for torch
    from torch import Tensor

Words: TypeAlias = "Mapping[str, Tensor]"
"""An encoded prompt: its tensors by the names that the entry gives them, in a batch of one."""


@dataclass(frozen=True, kw_only=True)
class Denoiser:
    """One architecture.

    covers     the models it stands for, as the report prints them
    pipelines  its classes in model_index.json; the first one encodes prompts
    part       the network's folder inside the model's
    unused     parts of the pipeline that are not loaded to encode a prompt
    multiple   latents' sides must be multiples of it
    worded     (pipeline, prompt) -> the encoded prompt
    guessed    (network, noisy latents (B, C, h, w), timesteps (B,), words) -> what the network
               predicts, of the latents' shape
    """

    covers: str
    pipelines: tuple[str, ...]
    part: str
    unused: tuple[str, ...] = ()
    multiple: int = 1
    worded: Callable[[Any, str], Words]
    guessed: Callable[[Any, Tensor, Tensor, Words], Tensor]
