"""Networks that tell whose face it is. To add one: a file here, and its name below.

`loaded` puts them onto a device and keeps them; `nets` holds the networks."""

from pathlib import Path

from ..registry import Registry
from .base import Embed, Embedder

EMBEDDERS: Registry[Embedder] = Registry(
    __name__,
    Embedder,
    names=(
        "dlib",
        "mobileface",
        "faceres",
        "fr_feature",
    ),
)

SHIPPED = Path(__file__).parent / "weights"
"""Weights that come with the package; those of other entries are the user's to download."""

__all__ = ["EMBEDDERS", "SHIPPED", "Embed", "Embedder"]
