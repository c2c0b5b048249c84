"""Encoders the optimiser works against. To add one: a file here, and its name below.

`encoders` loads them onto a device and keeps them, `eyes` pairs them with decoders that show what
they keep; `nets` holds the networks."""

from pathlib import Path

from ..machine.weights.shipped import RESEARCH, SHIPPED_MODEL
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
"""The surrogate that is always there, and cheap enough for previews and warm starts."""

SHIPPED = Path(__file__).parent / "weights"
"""Weights that come with the package; users download those of all other entries."""


def surrogate_named(name: str) -> Surrogate:
    """The entry of that name, or the autoencoder in the folder of that path, or that of the model
    that ships."""
    folder = SHIPPED_MODEL if name == RESEARCH else Path(name).expanduser()
    if name in SURROGATES or not folder.is_dir():
        return SURROGATES[name]
    from .kl import local

    return local(folder.resolve())


__all__ = ["SHIPPED", "SMALL", "SURROGATES", "Encoder", "Surrogate", "surrogate_named"]
