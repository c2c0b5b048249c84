"""The encoder of Stable Diffusion XL, as its tiny autoencoder imitates it."""

from ..machine.weights import Wanted
from .tiny import tiny

ENTRY = tiny(
    family="sdxl",
    covers="Stable Diffusion XL",
    channels=4,
    weights=(
        Wanted("taesdxl_encoder.pth", blob="56dfb7ed13ac774bc28dcd981f072f26eb7c5e99"),
        Wanted("taesdxl_decoder.pth", blob="477bc7e9604f418029508e72ac8719bb9d048291"),
    ),
)
