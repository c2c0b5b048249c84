"""The very picture that the artist gave, resized to the artwork."""

from __future__ import annotations

from torch import Generator

from ..errors import NotUsable
from ..messages import message
from ..pixels.resize import lanczos
from ..types import Artwork, Goal, Intent
from .base import Target


def picture(artwork: Artwork, intent: Intent, draw: Generator, device: str) -> Goal:
    if intent.target is None:
        raise NotUsable("target.no_picture")
    height, width = artwork.rgb.shape[1:]
    return Goal("picture", message("goal.picture"), lanczos(intent.target, height, width))


ENTRY = Target(says="A picture of your own", picture=picture, needs=("target",))
