"""An anchor picture of another concept: the target of poison (Nightshade, Shan et al., 2024).

Poison of many artists adds up only where all of them pull the same concept towards the very same
picture. So an anchor is never drawn at random: it ships, or it lies in the artist's own anchors
folder, or a local Stable Diffusion makes it with a fixed seed.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from platformdirs import user_data_path
from torch import Generator, Tensor

from ..errors import NotUsable
from ..messages import message
from ..pixels.resize import lanczos, open_picture
from ..types import Artwork, Goal, Intent
from . import diffusion
from .base import Target

SHIPPED = Path(str(files(__package__) / "anchors"))


def concept(artwork: Artwork, intent: Intent, draw: Generator, device: str) -> Goal:
    shows, teach = words(intent)
    anchor = intent.anchor if intent.anchor is not None else found(teach, device)
    height, width = artwork.rgb.shape[1:]
    says = message("goal.concept", shows=shows, teach=teach)
    return Goal("concept", says, spread(anchor, height, width))


def words(intent: Intent) -> tuple[str, str]:
    """What a poison shows and what it teaches, tidied; it needs both, and they must differ."""
    shows, teach = tidy(intent.shows or ""), tidy(intent.teach or "")
    if not shows or not teach:
        raise NotUsable("concept.two_words")
    if shows == teach:
        raise NotUsable("concept.same", shows=shows, teach=teach)
    return shows, teach


def tidy(word: str) -> str:
    """ " A Dog" -> "dog"."""
    return re.sub(r"^(a|an|the)\s+", "", re.sub(r"\s+", " ", word).strip().lower())


def found(teach: str, device: str) -> Tensor:
    """The anchor of that concept: the artist's own, the one that ships, or a rendered one."""
    for place in (own_folder(), SHIPPED):
        path = place / f"{synonyms().get(teach, teach)}.png"
        if valid(teach) and path.is_file():
            return open_picture(path)
    if diffusion.diffusion_present():
        return diffusion.photo(teach, device)
    known, folder = tuple(index()), own_folder()
    if near := get_close_matches(teach, [*synonyms(), *index()], n=1):
        raise NotUsable("concept.misspelled", teach=teach, near=near[0], known=known, folder=folder)
    raise NotUsable("concept.no_anchor", teach=teach, known=known, folder=folder)


def valid(word: str) -> bool:
    """A concept is words, not a path."""
    return re.fullmatch(r"[\w \-]+", word) is not None


def own_folder() -> Path:
    return user_data_path("glassine") / "anchors"


@cache
def index() -> dict[str, dict[str, Any]]:
    table: dict[str, dict[str, Any]] = json.loads((SHIPPED / "index.json").read_text("utf-8"))
    return table


@cache
def synonyms() -> dict[str, str]:
    """Other words and plain plurals -> the name of the shipped anchor."""
    table = {other: name for name, row in index().items() for other in row["also"]}
    for word, name in [*table.items(), *((name, name) for name in index())]:
        table.setdefault(f"{word}s", name)
    return table


def spread(anchor: Tensor, height: int, width: int) -> Tensor:
    """The anchor over the whole artwork, repeated along a long side to distort it little."""
    across = max(1, round(width / height))
    down = max(1, round(height / width))
    one = lanczos(anchor, -(-height // down), -(-width // across))
    return one.repeat(1, down, across)[:, :height, :width].contiguous()


def choices() -> list[dict[str, Any]]:
    """Every shipped anchor with its picture, for menus."""
    return [
        {
            "name": name,
            "says": name,
            "picture": b64encode((SHIPPED / f"{name}.png").read_bytes()).decode(),
        }
        for name in index()
    ]


ENTRY = Target(
    says="Another concept (Nightshade)",
    picture=concept,
    choices=choices,
    needs=("shows", "teach"),
)
