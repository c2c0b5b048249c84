"""The search for the factor on a change with which a picture has the score asked for."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..errors import NoSolution
from ..units import Score

CLOSE = 0.15  # SSIMULACRA2 points within which the search ends; people notice about two
EXPONENT = 0.8  # of the power law by which the loss grows with the factor: the first guess
LEAST = 1 / 256  # smallest factor that is tried: a few hundredths of a level


def scaled_to(score: Score, scored: Callable[[float], Score], most: float) -> float:
    """The largest factor in (0, most] whose result scores no worse than `score`.

    As the factor grows, 100 - `scored(factor)` grows much like a power of it. The search follows
    the power law through the nearest look on either side of `score` and needs three or four looks
    where a bisection needs nine. Each look costs as much as an optimiser step.

    Raises NoSolution where even the smallest factor scores worse.
    """
    fair: Look | None = None  # the nearest look that was good enough
    poor: Look | None = None  # the nearest that was not
    factor = min(1.0, most)
    for _ in range(16):
        loss = 100 - scored(factor)
        if loss <= 100 - score:
            fair = factor, loss
            if loss >= 100 - score - CLOSE or factor >= most:
                break
        else:
            poor = factor, loss
            if factor <= LEAST:
                break
        factor = min(most, guess(100 - score - CLOSE / 2, fair, poor))
    if fair is None:
        raise NoSolution("strength.none", score=score)
    return fair[0]


Look = tuple[float, float]
"""A factor, and by how much its result falls short of a score of 100."""


def guess(loss: float, fair: Look | None, poor: Look | None) -> float:
    """The factor at which that loss is expected, between the two looks where both are known."""
    if fair is None or poor is None:
        factor, seen = fair or poor or (1.0, loss)
        step = math.pow(loss / max(seen, 1e-6), 1 / EXPONENT)
        return factor * min(max(step, 1 / 4), 4)
    (low, little), (high, much) = fair, poor
    power = math.log(much / max(little, 1e-6)) / math.log(high / low)
    factor = low * math.pow(loss / max(little, 1e-6), 1 / max(power, 1e-3))
    edge = 0.02 * (high - low)
    return min(max(factor, low + edge), high - edge)
