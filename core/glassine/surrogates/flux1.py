"""The encoder of FLUX.1, HiDream and Z-Image, as its tiny autoencoder imitates it."""

from ..machine.weights import Wanted
from .tiny import tiny

ENTRY = tiny(
    family="flux1",
    covers="FLUX.1, HiDream and Z-Image",
    channels=16,
    weights=(
        Wanted("taef1_encoder.pth", blob="d8ee13fa3a1ff9a92643669d718e4b0827daafa5"),
        Wanted("taef1_decoder.pth", blob="b772c9c4e6d3b79d06b277be59296389591783d3"),
    ),
)
