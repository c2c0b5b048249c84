"""The one whole model that ships: a folder in diffusers' layout inside this package."""

from __future__ import annotations

from pathlib import Path

EMBEDDED = "embedded"
"""The word that means it wherever the folder of a model can be named."""

RESEARCH = "research-surrogate"
"""Its folder's name, under which it is shown everywhere: it stands for no real model."""

SHIPPED_MODEL = Path(__file__).parents[2] / "denoisers" / "weights" / RESEARCH


def model_folder(name: str | Path) -> Path:
    """The folder that a model's name means. Only the bare word EMBEDDED means the one that ships:
    a folder of that name can be given as ./embedded."""
    return SHIPPED_MODEL if name == EMBEDDED else Path(name)


def is_shipped(folder: str | Path) -> bool:
    """Whether that folder is the one that ships."""
    return Path(folder) == SHIPPED_MODEL
