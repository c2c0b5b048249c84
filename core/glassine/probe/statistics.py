"""Statistics of a probe: a permutation test over sets, and how well a score separates two kinds."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

MOST = 20_000
"""Most divisions of a set that are all examined; where there are more, this many are drawn."""

_TOGETHER = 1000  # divisions that are drawn at once
_SAME = 1e-12  # relative difference up to which two sums count as equal: rounding

Scores = Sequence[float]


@dataclass(frozen=True)
class Test:
    """What a permutation test over two sets found.

    p       chance that the works are this far ahead if they are like the controls; never 0
    ahead   mean of the works' scores minus that of the controls'
    exact   whether every division was examined
    looked  how many divisions were examined
    """

    p: float
    ahead: float
    exact: bool
    looked: int


def permutation_test(works: Scores, controls: Scores, seed: int = 0) -> Test:
    """Whether the works' scores are higher, as a set, than the controls' (Fisher, 1935).

    Under the null hypothesis works and controls come from one source, so that every division of all
    of them into two such sets is as likely as this one. Nothing else is assumed: p is at or below
    any value x in at most a share x of cases. Where divisions are drawn, this one counts among them
    (Phipson and Smyth, 2010), so that p is never 0 and never too small.
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
    """The sum of every choice of `count` scores."""
    rows = np.array(list(combinations(range(len(both)), count)))
    return np.asarray(both[rows].sum(axis=1))


def drawn_sums(both: NDArray[np.float64], count: int, seed: int) -> NDArray[np.float64]:
    """The sums of MOST random choices of `count` scores: those with the smallest random numbers."""
    draw, rows = np.random.default_rng(seed), []
    for _ in range(MOST // _TOGETHER):
        order = draw.random((_TOGETHER, len(both))).argpartition(count - 1, axis=1)
        rows.append(both[order[:, :count]].sum(axis=1))
    return np.concatenate(rows)


def least_p(works: int, controls: int) -> float:
    """The smallest p that sets of these sizes can give."""
    ways = math.comb(works + controls, works)
    return 1 / ways if ways <= MOST else 1 / (MOST + 1)


def area_under_curve(members: Scores, others: Scores) -> float:
    """Chance that a member scores higher than a non-member, a tie counting half; 0.5 is useless."""
    ours, theirs = np.array(members)[:, None], np.array(others)[None]
    return float((ours > theirs).mean() + (ours == theirs).mean() / 2)


def true_at_false(members: Scores, others: Scores, false: float = 0.01) -> float:
    """True positive rate at a false positive rate: the share of members above the threshold that at
    most the share `false` of the others exceeds."""
    strangers = np.sort(np.array(others))[::-1]
    threshold = strangers[int(false * len(strangers))]
    return float((np.array(members) > threshold).mean())


def rank_p(own: float, decoys: Scores) -> float:
    """The p-value of a score by its rank among decoys' scores: exact where it was drawn in the same
    way as the decoys."""
    return (1 + int((np.array(decoys) >= own).sum())) / (1 + len(decoys))


def largest_clique(near: NDArray[np.bool_]) -> tuple[int, ...]:
    """The largest group in which all are near one another.

    near  (N, N), symmetric
    """
    import networkx

    graph = networkx.from_numpy_array(near & ~np.eye(len(near), dtype=bool))
    found, _ = networkx.max_weight_clique(graph, weight=None)
    return tuple(sorted(found))
