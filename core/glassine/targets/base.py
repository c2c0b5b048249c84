"""What a target is: a way to make the picture whose latents the artwork is pulled towards."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from torch import Generator

from ..types import Artwork, Goal, Intent


@dataclass(frozen=True, kw_only=True)
class Target:
    """`picture` takes the artwork, what was asked for, the plan's random generator and device.

    says     what the artist reads in the menu
    needs    fields of the intent that it is made from, so that a menu can ask for them
    choices  what can be asked for by name: {name, says, picture (PNG or WebP in base64)}
    """

    says: str
    picture: Callable[[Artwork, Intent, Generator, str], Goal]
    choices: Callable[[], Sequence[dict[str, Any]]] | None = None
    needs: tuple[str, ...] = ()
