"""The figures of a probe: an exact test over sets, and how well a score tells two kinds apart."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MOST = 20_000
"""Divisions of a set that are all looked at; of more, so many are drawn."""

_TOGETHER = 1000  # divisions that are drawn at once
_SAME = 1e-12  # by which two means may differ that are the same but for rounding

Scores = Sequence[float]


@dataclass(frozen=True)
class Test:
    """What a permutation test over two sets found.

    p       chance of works standing out this far if they were like the controls; never 0
    ahead   mean of the works' scores less that of the controls'
    exact   whether every division was looked at
    looked  at how many divisions
    """

    p: float
    ahead: float
    exact: bool
    looked: int


def permutation_test(works: Scores, controls: Scores, seed: int = 0) -> Test:
    """Whether the works' scores are higher, as a set, than the controls' (Fisher, 1935).

    Under the null, works and controls are drawn from one source, so that every division of all of
    them into two such sets is as likely as this one. Nothing else is supposed: p is at most its
    value in that share of cases. Drawn divisions count this one among them (Phipson and Smyth,
    2010), so that p is never 0 and never too small.
    """
    both, count = np.array([*works, *controls], dtype=np.float64), len(works)
    assert 0 < count < len(both), "both sets have pictures"
    exact = math.comb(len(both), count) <= MOST
    sums = all_sums(both, count) if exact else drawn_sums(both, count, seed)
    higher = int((sums >= both[:count].sum() - _SAME * max(1.0, np.abs(both).sum())).sum())
    p = higher / len(sums) if exact else (higher + 1) / (len(sums) + 1)
    ahead = float(both[:count].mean() - both[count:].mean())
    return Test(p, ahead, exact, len(sums))


def all_sums(both: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Of every choice of so many."""
    rows = np.array(list(combinations(range(len(both)), count)))
    return np.asarray(both[rows].sum(axis=1))


def drawn_sums(both: NDArray[np.float64], count: int, seed: int) -> NDArray[np.float64]:
    """Of MOST random choices of so many: those with the smallest of random numbers."""
    draw, rows = np.random.default_rng(seed), []
    for _ in range(MOST // _TOGETHER):
        order = draw.random((_TOGETHER, len(both))).argpartition(count - 1, axis=1)
        rows.append(both[order[:, :count]].sum(axis=1))
    return np.concatenate(rows)


def least_p(works: int, controls: int) -> float:
    """The smallest p that sets of these sizes can give at all."""
    ways = math.comb(works + controls, works)
    return 1 / ways if ways <= MOST else 1 / (MOST + 1)


def area_under_curve(members: Scores, others: Scores) -> float:
    """Chance that a member scores higher than another; a draw counts half. 0.5: no use."""
    ours, theirs = np.array(members)[:, None], np.array(others)[None]
    return float((ours > theirs).mean() + (ours == theirs).mean() / 2)


def true_at_false(members: Scores, others: Scores, false: float = 0.01) -> float:
    """Share of members above a threshold that at most that share of the others is above."""
    strangers = np.sort(np.array(others))[::-1]
    threshold = strangers[int(false * len(strangers))]
    return float((np.array(members) > threshold).mean())


def rank_p(own: float, decoys: Scores) -> float:
    """Chance that one of equally random decoys scores as high: exact where it was drawn as they
    were."""
    return (1 + int((np.array(decoys) >= own).sum())) / (1 + len(decoys))


def largest_clique(near: NDArray[np.bool_]) -> tuple[int, ...]:
    """The largest group in which everyone is near everyone else; (N, N), symmetric."""
    import networkx

    graph = networkx.from_numpy_array(near & ~np.eye(len(near), dtype=bool))
    found, _ = networkx.max_weight_clique(graph, weight=None)
    return tuple(sorted(found))
