"""Where weights are stored on this machine."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path

from ...errors import WeightsMissing


def folders() -> tuple[Path, ...]:
    """The folders that are searched, in order: $GLASSINE_MODELS, then the user's data folder."""
    return tuple(dict.fromkeys((download_folder(), user_data_path("glassine") / "models")))


def download_folder() -> Path:
    """The folder into which weights are downloaded: the first of `folders`."""
    named = os.environ.get("GLASSINE_MODELS")
    return Path(named) if named else user_data_path("glassine") / "models"


def present(name: str) -> bool:
    """Whether weights of that name are on this machine; they are not checked."""
    return any((place / name).is_dir() for place in folders())


def folder_of(name: str) -> Path:
    """The folder of the weights of that name; raises WeightsMissing, which says how to get them."""
    for place in folders():
        if (place / name).is_dir():
            return place / name
    raise WeightsMissing("weights.absent", name=name)
