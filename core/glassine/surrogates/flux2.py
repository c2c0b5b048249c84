"""The encoder of FLUX.2, as its tiny autoencoder imitates it."""

from ..machine.weights import Wanted
from .tiny import tiny

ENTRY = tiny(
    family="flux2",
    covers="FLUX.2",
    channels=32,
    weights=(
        Wanted("taef2_encoder.pth", blob="8d738aba02f7ba9d156712489322dc5c43d5db1c"),
        Wanted("taef2_decoder.pth", blob="f4da1ec48cb805b5ee8deb22cfad03f48fe52f64"),
    ),
    pool=True,
)
