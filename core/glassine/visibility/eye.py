"""The judges in the loop: how far a change is past its visibility limit, as a differentiable value.

There are several, because an optimiser cheats a judge whose gradient it sees: with SSIMULACRA2
alone HaarPSI falls from .92 to .82, with these two LPIPS doubles on flat colour. The judges in
held_out.py it never sees.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..units import Score
from .colour import colour_distance
from .haarpsi import haarpsi
from .limits import Limits, limits_at
from .lpips import SMALLEST, lpips_distance
from .ssimulacra2 import error, error_at, scales

EARLY = 0.4  # share of LPIPS's limit that the loop may use: on flat colour LPIPS would double


@dataclass(frozen=True)
class Eye:
    """The limits of every judge in the loop.

    error  SSIMULACRA2's weighted error at its limit
    """

    limits: Limits
    error: float

    def beyond(self, clean: Tensor, other: Tensor) -> Tensor:
        """(3, H, W) in [0, 1], twice -> how far the strictest judge's limit is passed, as a share
        of that limit; negative where all limits are kept. Differentiable."""
        with torch.no_grad():
            before = tuple(scales(clean))
        found = [
            error(before, other) / self.error,
            colour_distance(clean, other) / self.limits.colour,
        ]
        apart = lpips_distance()
        if min(clean.shape[1:]) >= SMALLEST and apart:
            found.append((1 - haarpsi(clean, other)) / (1 - self.limits.haarpsi))
            found.append(apart(clean, other) / (EARLY * self.limits.lpips))
        return max(found, key=lambda share: share.item()).float() - 1


def eye_at(score: Score) -> Eye:
    """The eye for pictures of that score."""
    return Eye(limits_at(score), error_at(score))
