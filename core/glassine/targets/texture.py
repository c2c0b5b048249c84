"""A fixed high-contrast pattern: Mist's "textural" target, drawn by ourselves.

Mist (Liang and Wu, 2023) pulls every picture towards one busy black-and-white picture of letters.
What matters is strong structure at the scale of a latent (8 pixels) and above, which this has.
The pattern is the same for every picture, at the same size in pixels.
"""

from __future__ import annotations

import math

import torch
from torch import Generator

from ..messages import message
from ..types import Artwork, Goal, Intent
from .base import Target

_PERIODS = (9.0, 23.0, 61.0)  # pixels
_SLANTS = (0.3, -0.2)


def texture(artwork: Artwork, intent: Intent, draw: Generator, device: str) -> Goal:
    height, width = artwork.rgb.shape[1:]
    y, x = torch.arange(height)[:, None].float(), torch.arange(width)[None].float()
    across, down = x + _SLANTS[0] * y, y + _SLANTS[1] * x
    waves = torch.zeros(height, width)
    for period in _PERIODS:
        turn = 2 * math.pi / period
        waves += torch.sin(turn * across) * torch.sin(turn * down)
    pattern = (waves > 0).float()
    return Goal("texture", message("goal.texture"), pattern.expand(3, -1, -1).contiguous())


ENTRY = Target(says="A fixed texture (Mist)", picture=texture)
