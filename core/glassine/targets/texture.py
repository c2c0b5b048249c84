"""A fixed high-contrast pattern of large ellipses: Mist's "textural" target, drawn by ourselves.

Mist (Liang and Wu, 2023) pulls every picture towards one busy black-and-white pattern. Theirs is a
picture of letters; what matters is strong structure at the scale of a latent, which this has.
"""

from __future__ import annotations

import torch
from torch import Generator

from ..types import Artwork, Goal, Intent
from .base import Target

_PERIODS = (9.0, 23.0, 61.0)  # pixels


def texture(artwork: Artwork, intent: Intent, draw: Generator) -> Goal:
    height, width = artwork.rgb.shape[1:]
    y, x = torch.arange(height)[:, None].float(), torch.arange(width)[None].float()
    waves = [torch.sin(6.2832 * (x + 0.3 * y) / p) * torch.sin(6.2832 * (y - 0.2 * x) / p)
             for p in _PERIODS]
    pattern = (torch.stack(waves).sum(0) > 0).float()
    return Goal("texture", "a fixed high-contrast pattern", pattern.expand(3, -1, -1).contiguous())


ENTRY = Target(says="A fixed texture (Mist)", picture=texture)
