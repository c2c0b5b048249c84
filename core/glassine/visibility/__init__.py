"""How visible a change is: the allowance limits it beforehand, judges measure it afterwards.

A file belongs here if it compares pictures as an eye would, and knows nothing of encoders."""

from .colour import colour_shift
from .haarpsi import haarpsi
from .held_out import fsim, mdsi, vsi
from .jnd import texture_allowance
from .measure import haarpsi_figure, lpips, lpips_alexnet, psnr, ssim
from .packages import unfit
from .ssimulacra2 import Scale, sampled, scales, ssimulacra2

__all__ = [
    "Scale",
    "colour_shift",
    "fsim",
    "haarpsi",
    "haarpsi_figure",
    "lpips",
    "lpips_alexnet",
    "mdsi",
    "psnr",
    "sampled",
    "scales",
    "ssim",
    "ssimulacra2",
    "texture_allowance",
    "unfit",
    "vsi",
]
