"""What a person can see of it, and what the file weighs."""

from __future__ import annotations

from ..types import Cost
from ..units import Unit, to_levels
from ..visibility import lpips, psnr, ssim, ssimulacra2
from .sight import Sight, middle

_SIDE = 1024  # pixels; SSIM and LPIPS look at the middle of larger pictures


def cost(sight: Sight) -> Cost:
    change = (sight.seen - sight.clean).abs()
    rows, columns = (middle(length, _SIDE) for length in sight.clean.shape[1:])
    clean, seen = sight.clean[:, rows, columns], sight.seen[:, rows, columns]
    return Cost(
        ssimulacra2=ssimulacra2(sight.clean, sight.seen),
        psnr=psnr(sight.clean, sight.seen),
        ssim=ssim(clean, seen),
        lpips=lpips(clean, seen),
        largest_change=to_levels(Unit(change.max().item())),
        changed_share=(change.amax(0) > 0).float().mean().item(),
        bytes_before=sight.sizes[0],
        bytes_after=sight.sizes[1],
    )
