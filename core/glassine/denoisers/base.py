"""What a denoiser is: the network that fine-tuning changes, as its pipeline uses it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:  # whoever lists what there is need not wait for torch
    from torch import Tensor

Words: TypeAlias = "Mapping[str, Tensor]"
"""What a prompt became, by the names under which the network takes it; a batch of one."""


@dataclass(frozen=True, kw_only=True)
class Denoiser:
    """One architecture.

    covers     the models it stands for, as the report prints them
    pipelines  what diffusers calls it in model_index.json; the first is what encodes prompts
    part       folder of the network
    unused     parts of the pipeline that are not loaded to encode a prompt
    multiple   latents' sides must be multiples of it
    worded     (pipeline, prompt) -> the prompt encoded
    guessed    (network, noisy latents (B, C, h, w), its times (B,), words) -> what it says of them
    """

    covers: str
    pipelines: tuple[str, ...]
    part: str
    unused: tuple[str, ...] = ()
    multiple: int = 1
    worded: Callable[[Any, str], Words]
    guessed: Callable[[Any, Tensor, Tensor, Words], Tensor]
