"""A family of which the tiny autoencoder (TAESD) is the surrogate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .base import Surrogate

if TYPE_CHECKING:
    from torch import nn

    from ..machine.weights import Wanted


def tiny(
    family: str, covers: str, channels: int, weights: tuple[Wanted, ...], *, pool: bool = False
) -> Surrogate:
    def load(folder: Path) -> dict[str, nn.Module]:
        from .nets.tiny import read_net

        return {family: read_net(folder, "encoder", channels, pool=pool)}

    def sees(folder: Path) -> nn.Module:
        from .nets.tiny import read_net

        return read_net(folder, "decoder", channels, pool=pool)

    return Surrogate(
        covers=covers,
        folder=weights[0].file.removesuffix("_encoder.pth"),
        licence="MIT",
        weights=weights,
        load=load,
        sees=sees,
    )
