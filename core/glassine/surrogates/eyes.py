"""A picture as a model keeps it: encoded, and decoded again. Training learns from that.

The decoder of FLUX.2's likeness ships, so there is always one; real encoders bring their own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import torch
from torch import Tensor

from ..machine.device import Device
from ..pixels.pad import padded
from . import SMALL, Encoder
from .encoders import decoder, encoders, present_surrogates


@dataclass(frozen=True)
class Eye:
    """One family's encoder and decoder; `name` is the surrogate that brought them."""

    name: str
    family: str
    encode: Encoder
    decode: Callable[[Tensor], Tensor]

    @torch.no_grad()
    def sees(self, rgb: Tensor) -> Tensor:
        """(3, h, w) in [0, 1] -> what encoding leaves of it, of the same size and range."""
        height, width = rgb.shape[1:]
        kept = self.decode(self.encode(padded(rgb)[None])).cpu()
        return kept[0, :, :height, :width].clamp(0, 1)


def eye_of(name: str, device: Device) -> Eye | None:
    """None where that surrogate cannot turn latents back into a picture."""
    found = decoder(name, device)
    if found is None:
        return None
    return Eye(name, found.family, encoders(name, device)[found.family], found.decode)


def eyes(names: Iterable[str], device: Device, most: int) -> tuple[Eye, ...]:
    """Up to `most`, of these, then of others on this machine; if none of them, the shipped one."""
    wanted = dict.fromkeys(name for name in (*names, *present_surrogates()) if name != SMALL)
    found = list[Eye]()
    for name in (*wanted, SMALL):
        if len(found) == most or (found and name == SMALL):
            break
        if eye := eye_of(name, device):
            found.append(eye)
    return tuple(found)
