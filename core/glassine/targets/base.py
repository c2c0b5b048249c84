"""What a target is: a way to make the picture whose latents the artwork is pulled towards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import Generator

from ..types import Goal, Intent, Artwork


@dataclass(frozen=True, kw_only=True)
class Target:
    """`picture` takes the artwork, what was asked for, and the plan's random generator."""

    says: str  # what the artist reads in the menu
    picture: Callable[[Artwork, Intent, Generator], Goal]
