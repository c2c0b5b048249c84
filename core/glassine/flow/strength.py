"""The search for the factor on a change with which a picture has the score asked for."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..errors import NoSolution
from ..units import Score

CLOSE = 0.15  # SSIMULACRA2 points within which the search ends; people notice about two
EXPONENT = 0.8  # of the power law by which the loss grows with the factor: the first guess
FLATTEST = 0.05  # smallest exponent: a part of the change may stay the same while the rest shrinks
LEAST = 1 / 256  # smallest factor that is tried: a few hundredths of a level


def scaled_to(score: Score, scored: Callable[[float], Score], most: float) -> float:
    """The largest factor in (0, most] whose result scores no worse than `score`.

    As the factor grows, 100 - `scored(factor)` grows much like a power of it. The search follows
    the power law through the two nearest looks, which lie on either side of `score` as soon as
    there is one on each, and needs three or four looks where a bisection needs nine. Each look
    costs as much as an optimiser step.

    Raises NoSolution where even the smallest factor scores worse.
    """
    fair: list[Look] = []  # that were good enough, the nearest last
    poor: list[Look] = []  # that were not
    factor = min(1.0, most)
    for _ in range(16):
        look = factor, 100 - scored(factor)
        if look[1] <= 100 - score:
            fair.append(look)
            if look[1] >= 100 - score - CLOSE or factor >= most:
                break
        else:
            poor.append(look)
            if factor <= LEAST:
                break
        factor = min(most, guess(100 - score - CLOSE / 2, fair, poor))
    if not fair:
        raise NoSolution("strength.none", score=score)
    return fair[-1][0]


Look = tuple[float, float]
"""A factor, and by how much its result falls short of a score of 100."""


def guess(loss: float, fair: list[Look], poor: list[Look]) -> float:
    """The factor at which that loss is expected, between the looks on either side if there are.

    fair, poor  looks with less and with more than that loss, the nearest last; not both empty
    """
    if fair and poor:
        low, high = fair[-1][0], poor[-1][0]
        edge = 0.02 * (high - low)
        found = along(loss, fair[-1], max(power(fair[-1], poor[-1]), 1e-3))
        return min(max(found, low + edge), high - edge)
    looks = fair or poor
    steep = power(*looks[-2:]) if len(looks) > 1 else EXPONENT
    found = along(loss, looks[-1], min(max(steep, FLATTEST), EXPONENT))
    return min(max(found, looks[-1][0] / 4), looks[-1][0] * 4)


def power(one: Look, other: Look) -> float:
    """The exponent of the power law through both."""
    if one[0] == other[0]:
        return EXPONENT
    return math.log(max(other[1], 1e-6) / max(one[1], 1e-6)) / math.log(other[0] / one[0])


def along(loss: float, look: Look, exponent: float) -> float:
    """The factor with that loss by the power law through the look."""
    return look[0] * math.pow(loss / max(look[1], 1e-6), 1 / exponent)
