"""The judges in the loop: how far a change is beyond what may be seen, as one differentiable value.

Several, because an optimiser cheats what it sees: SSIMULACRA2 alone lets HaarPSI fall from .92 to
.82, those two let LPIPS double on flat colour. Others (held_out.py) it never sees.
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

EARLY = 0.4  # of LPIPS's limit, where the loop begins to mind it: on flat colour it doubles unseen


@dataclass(frozen=True)
class Eye:
    """What may be seen, by every judge in the loop."""

    limits: Limits
    error: float  # SSIMULACRA2's, at that limit

    def beyond(self, clean: Tensor, other: Tensor) -> Tensor:
        """(3, H, W) in [0, 1], twice -> how far the strictest judge's limit is passed, as a share
        of the limit; negative where no limit is. Differentiable."""
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
    return Eye(limits_at(score), error_at(score))
