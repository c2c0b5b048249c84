"""How often a look-up finds the right person, as means over people with exact intervals.

A person is the unit, because photos of one person are not independent. The interval is Clopper's
and Pearson's (1934) at 95 %: people are its trials, the sum of their shares its successes.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

FALSE_ACCEPTS = 0.01  # share of strangers' pairs that pass as one person
RISK = 0.05  # that the true share lies outside the interval
FEW = 5  # first results, which whoever looks somebody up would go through

Named = Sequence[tuple[str, Tensor]]
"""(person, embedding) of every picture."""


@dataclass(frozen=True)
class Rate:
    """A share, and the interval that holds the true one in 95 of 100 cases."""

    share: float
    low: float
    high: float


@dataclass(frozen=True)
class Rates:
    """rank1, rank5: the right person comes first, or is among the first five. verified: a photo
    of the person passes as theirs at a threshold that passes at most one stranger's in a hundred,
    and none where there are fewer than a hundred pairs of strangers."""

    rank1: Rate
    rank5: Rate
    verified: Rate


def rate(shares: Sequence[float]) -> Rate:
    """One share a person -> their mean and its interval."""
    from scipy.special import betaincinv

    count, found = len(shares), math.fsum(shares)
    low = betaincinv(found, count - found + 1, RISK / 2) if found > 0 else 0.0
    high = betaincinv(found + 1, count - found, 1 - RISK / 2) if found < count else 1.0
    return Rate(found / count, float(low), float(high))


def threshold(gallery: Named, probes: Named) -> float:
    """The distance below which one in a hundred pairs of strangers lies, rounded down to pairs.

    So at most that share passes. Of fewer than a hundred pairs none does: the distance is then
    that of the nearest pair of strangers. At least one such pair must be there.
    """
    away = distances(probes, gallery)
    strangers = torch.tensor([[p != g for g, _ in gallery] for p, _ in probes])
    apart = away[strangers].sort().values
    return float(apart[int(len(apart) * FALSE_ACCEPTS)])


def distances(probes: Named, gallery: Named) -> Tensor:
    """(probes, gallery): Euclidean distances of embeddings."""
    return torch.cdist(
        torch.stack([row for _, row in probes]), torch.stack([row for _, row in gallery])
    )


def found_by(person: str, gallery: Named, probes: Named, most: float) -> tuple[float, float, float]:
    """Shares of that person's probes: first, among the first five, and passing as theirs.

    most  the distance below which two photos pass as one person's
    """
    own = [(name, row) for name, row in probes if name == person]
    mine = torch.tensor([name == person for name, _ in gallery])
    if not mine.any():  # no face of theirs is found any more
        return 0.0, 0.0, 0.0
    first = few = passed = 0.0
    for away in distances(own, gallery):
        ranked = order([name for name, _ in gallery], away)
        first += ranked[0] == person
        few += person in ranked[:FEW]
        passed += float((away[mine] < most).float().mean())
    return first / len(own), few / len(own), passed / len(own)


def order(names: Sequence[str], away: Tensor) -> list[str]:
    """People in the order of their nearest pictures."""
    nearest: dict[str, float] = {}
    for name, value in zip(names, away.tolist(), strict=True):
        nearest[name] = min(value, nearest.get(name, math.inf))
    return sorted(nearest, key=lambda name: nearest[name])


def rates(galleries: Mapping[str, Named], probes: Named, most: float) -> Rates:
    """The rates over people, from person -> the gallery in which that person is looked up."""
    rows = [found_by(person, gallery, probes, most) for person, gallery in galleries.items()]
    first, few, passed = zip(*rows, strict=True)
    return Rates(rate(first), rate(few), rate(passed))
