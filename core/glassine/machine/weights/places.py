"""Where weights lie on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from ...errors import WeightsMissing


def folders() -> tuple[Path, ...]:
    """Places that are searched, in order: $GLASSINE_MODELS, then the user's own data folder."""
    return tuple(dict.fromkeys((download_folder(), user_data_path("glassine") / "models")))


def download_folder() -> Path:
    """Where fetched weights are put: the first of these."""
    named = os.environ.get("GLASSINE_MODELS")
    return Path(named) if named else user_data_path("glassine") / "models"


def present(name: str) -> bool:
    return any((place / name).is_dir() for place in folders())


def folder_of(name: str) -> Path:
    """The folder of that name; raises WeightsMissing with how to get it."""
    for place in folders():
        if (place / name).is_dir():
            return place / name
    raise WeightsMissing("weights.absent", name=name)
