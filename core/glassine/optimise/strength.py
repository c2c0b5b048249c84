"""Finding how much of a change may stay for the finished picture to have the score asked for."""

from __future__ import annotations

from collections.abc import Callable

from torch import Tensor

from ..errors import NoSolution
from ..units import Score

CLOSE = 0.15  # of a SSIMULACRA2 point; the eye notices steps of about two


def scaled_to(score: Score, scored: Callable[[float], Score], most: float) -> float:
    """The largest factor in (0, most] whose result scores no worse than `score`.

    `scored(factor)` falls as the factor grows. A secant inside a bracket: four or five looks
    instead of the nine of a bisection, and each look costs as much as an optimiser step.
    """
    low, high, at_low = 0.0, most, 100.0
    at_high = scored(most)
    if at_high >= score:
        return most
    for _ in range(12):
        guess = low + (high - low) * (at_low - score) / (at_low - at_high)
        guess = min(max(guess, low + 0.05 * (high - low)), high - 0.05 * (high - low))
        if (got := scored(guess)) >= score:
            low, at_low = guess, got
            if got - score < CLOSE:
                break
        else:
            high, at_high = guess, got
    if low == 0:
        raise NoSolution(
            f"A visible strength of SSIMULACRA2 {score:.0f} was asked for, and already the "
            "smallest change that a file can hold is more visible. Choose a stronger setting."
        )
    return low


def composite(rgb: Tensor, alpha: Tensor | None) -> Tensor:
    """The picture on white, as sites and training pipelines flatten it; (3, H, W)."""
    return rgb if alpha is None else rgb * alpha + (1 - alpha)
