"""What a person can see of a change: the allowance before, the measurements after."""

from .jnd import texture_allowance
from .measure import colour_shift, lpips, psnr, ssim
from .ssimulacra2 import Scale, sampled, scales, ssimulacra2

__all__ = [
    "Scale",
    "colour_shift",
    "lpips",
    "psnr",
    "sampled",
    "scales",
    "ssim",
    "ssimulacra2",
    "texture_allowance",
]
