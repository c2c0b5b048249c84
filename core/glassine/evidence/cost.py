"""What a person can see of a change, and how large the file becomes."""

from __future__ import annotations

import torch
from torch import Tensor

from ..types import Cost, HeldOut
from ..units import Unit, to_levels
from ..visibility import (
    colour_shift,
    fsim,
    haarpsi_figure,
    lpips,
    lpips_alexnet,
    mdsi,
    psnr,
    ssim,
    ssimulacra2,
    vsi,
)
from ..visibility.measure import STRIP
from .sight import Sight, middle_part

_SIDE = 1024  # pixels; SSIM, LPIPS and HaarPSI look at the middle of larger pictures


def cost(sight: Sight) -> Cost:
    largest, share = changed_pixels(sight.clean, sight.seen)
    rows, columns = (middle_part(length, _SIDE) for length in sight.clean.shape[1:])
    clean, seen = sight.clean[:, rows, columns], sight.seen[:, rows, columns]
    return Cost(
        ssimulacra2=ssimulacra2(sight.clean, sight.seen),
        psnr=psnr(sight.clean, sight.seen),
        ssim=ssim(clean, seen),
        lpips=lpips(clean, seen),
        largest_change=to_levels(Unit(largest)),
        changed_share=share,
        bytes_before=sight.sizes[0],
        bytes_after=sight.sizes[1],
        colour_shift=colour_shift(sight.clean, sight.seen),
        haarpsi=haarpsi_figure(clean, seen),
        held_out=held_out(sight),
        lpips_alexnet=lpips_alexnet(clean, seen),
    )


def held_out(sight: Sight) -> HeldOut:
    """Judges that no optimiser looks at, on the whole picture: they reduce it anyway."""
    pair = sight.clean, sight.seen
    return HeldOut(fsim=fsim(*pair), vsi=vsi(*pair), mdsi=mdsi(*pair))


def changed_pixels(clean: Tensor, seen: Tensor) -> tuple[float, float]:
    """The largest change of any value in [0, 1], and the share of pixels that changed at all."""
    largest, count = 0.0, 0
    strips = (torch.split(picture, STRIP, 1) for picture in (clean, seen))
    for before, after in zip(*strips, strict=True):
        change = (after - before).abs_().amax(0)
        largest = max(largest, change.max().item())
        count += int((change > 0).sum())
    return largest, count / clean[0].numel()
