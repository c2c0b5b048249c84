"""What a surrogate is: image encoders we attack in place of the models we cannot see."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:  # listing the entries need not wait for torch
    from torch import Tensor, nn

    from ..machine.weights import Wanted

Encoder: TypeAlias = "Callable[[Tensor], Tensor]"
"""(B, 3, H, W) in [0, 1] -> (B, C, H / 8, W / 8), differentiable. H and W multiples of 8."""


@dataclass(frozen=True, kw_only=True)
class Surrogate:
    """One or several families' encoders that load from the same files.

    covers   the models it stands for, as the report prints them
    folder   where its weights lie inside the models folder; "weights": they ship
    licence  of the weights
    weights  files that users download; empty where the repository ships them
    load     folder of the weights -> family -> network taking `expects`, on the CPU, float32
    sees     same folder -> decoder of latents, for "what the model sees"; None: there is none
    seen_as  of several families the one whose latents `sees` takes; "" where there is but one
    wide     whether numbers inside leave float16's range
    families  names of the surrogates whose likenesses it holds; `load` uses the same names
    """

    covers: str
    folder: str
    licence: str
    weights: tuple[Wanted, ...]
    load: Callable[[Path], dict[str, nn.Module]]
    sees: Callable[[Path], nn.Module] | None = None
    seen_as: str = ""
    expects: tuple[float, float] = (0, 1)
    wide: bool = False
    families: tuple[str, ...] = ()

    def encoder(self, net: nn.Module) -> Encoder:
        """Wraps a loaded network so that it takes [0, 1] like everything else here."""
        low, high = self.expects

        def encode(rgb: Tensor) -> Tensor:
            latents: Tensor = net(rgb * (high - low) + low)
            return latents

        return encode
