"""The encoder of Stable Diffusion 3 and 3.5, as its tiny autoencoder imitates it."""

from ..machine.weights import Wanted
from .tiny import tiny

ENTRY = tiny(
    family="sd3",
    covers="Stable Diffusion 3 and 3.5",
    channels=16,
    weights=(
        Wanted("taesd3_encoder.pth", blob="9678667c0e3e4b648a36daaa8094b1732ae4fb67"),
        Wanted("taesd3_decoder.pth", blob="7943be72a9151d0b330c5d8a4fbb885d889b60a1"),
    ),
)
