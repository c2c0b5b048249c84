"""Encoders the optimiser works against. To add one: a file here, and its name below.

`encoders` loads them onto a device and keeps them, `eyes` are those that can be looked through;
`nets` holds the networks."""

from pathlib import Path

from ..registry import Registry
from .base import Encoder, Surrogate

SURROGATES: Registry[Surrogate] = Registry(
    __name__,
    Surrogate,
    names=(
        "embedded",
        "sd15",
        "sdxl",
        "sd3",
        "flux1",
        "flux2",
    ),
)

SMALL = "embedded"
"""The one that is always there, and cheap enough for previews and warm starts."""

SHIPPED = Path(__file__).parent / "weights"
"""Weights that come with the package; every other entry's are the user's to get."""


def surrogate_named(name: str) -> Surrogate:
    """The entry of that name, or the autoencoder in the folder of that path."""
    if name in SURROGATES or not Path(name).expanduser().is_dir():
        return SURROGATES[name]
    from .kl import local

    return local(Path(name).expanduser().resolve())


__all__ = ["SHIPPED", "SMALL", "SURROGATES", "Encoder", "Surrogate", "surrogate_named"]
