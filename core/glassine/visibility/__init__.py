"""What a person can see of a change: the allowance before, the judges after.

A file belongs here that judges two pictures as an eye would, and knows nothing of encoders."""

from .jnd import texture_allowance
from .measure import colour_shift, lpips, psnr, ssim
from .packages import unfit
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
    "unfit",
]
