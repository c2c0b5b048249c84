"""The encoder of Stable Diffusion 1.x and 2.x, as its tiny autoencoder imitates it."""

from ..machine.weights import Wanted
from .tiny import tiny

ENTRY = tiny(
    family="sd15",
    covers="Stable Diffusion 1.x and 2.x",
    channels=4,
    weights=(
        Wanted("taesd_encoder.pth", blob="65f85afc58480128926e52086fbf0fdc61c2c9b5"),
        Wanted("taesd_decoder.pth", blob="5915a429fc08eba4adf62bf74f96705b8b0d5c1f"),
    ),
)
