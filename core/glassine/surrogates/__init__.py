"""Encoders the optimiser works against. To add one: a file here, and its name below."""

from ..registry import Registry
from .base import Encoder, Surrogate

SURROGATES: Registry[Surrogate] = Registry(
    __name__,
    Surrogate,
    names=(
        "sd15",
        "sdxl",
        "sd3",
        "flux1",
        "flux2",
    ),
)

__all__ = ["SURROGATES", "Encoder", "Surrogate"]
