"""The limits that a strength sets for five judges; a file of that strength keeps all, that for MDSI
before a lossy codec and marks.

Of the judges in the loop (eye.py) edges and softened colours have none. Those in the loop are
satisfied sooner than people are, so one that no step asks has a limit too: MDSI. FSIM would not
do: on a plain ground it says .85 where SSIMULACRA2 says 85.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from itertools import pairwise, product

import torch
from torch import Tensor

from ..units import Score
from .colour import colour_shift
from .edges import averaged
from .eye import cuts
from .haarpsi import haarpsi
from .held_out import mdsi
from .lpips import SMALLEST, lpips_distance


@dataclass(frozen=True)
class Limits:
    """The worst value that each judge may give.

    ssimulacra2, haarpsi  at least
    lpips, colour, mdsi   at most; `colour` as of `colour_shift`, in CIELAB
    """

    ssimulacra2: float
    haarpsi: float
    lpips: float
    colour: float
    mdsi: float


PART = 640  # pixels; longest side that MDSI is shown at once
MEANS = 0.8
"""Of parts from 384 px on MDSI compares means of 2 x 2 pixels. What it says of these, over what it
says of smaller ones: .184 and .229 by the earlier method (.129 and .159 at SSIMULACRA2 85)."""

LEVELS = (
    Limits(100, 1.0, 0.0, 0.0, 0.0),
    Limits(85, 0.987, 0.039, 1.7, 0.159),
    Limits(70, 0.952, 0.123, 3.2, 0.229),
    Limits(55, 0.907, 0.207, 4.6, 0.273),
    Limits(0, 0.70, 0.60, 14.0, 0.50),
)
"""Each row's limits are no looser than the worst of JPEG, WebP, grain and resampling at that
SSIMULACRA2, nor than the median of the engine's earlier method there (lab/bench/levels.py, five
paintings and five other pictures). Plain distortions do not move smooth colour, so for `colour`
only that median counts."""


def limits_at(score: Score) -> Limits:
    """The limits at that score, interpolated linearly between two rows of LEVELS."""
    others = [one.name for one in fields(Limits)][1:]
    return Limits(score, *(between(score, "ssimulacra2", judge) for judge in others))


def points(judge: str, value: float) -> Score:
    """A judge's value, as the SSIMULACRA2 of the limits in which it stands."""
    return Score(between(value, judge, "ssimulacra2"))


def between(value: float, given: str, wanted: str) -> float:
    """One judge's value in another judge's terms, interpolated linearly in LEVELS.

    Values beyond the table count as its ends: HaarPSI gives 1.0000001 for a picture and itself.

    given, wanted  fields of Limits: the one of `value`, and the one to find
    """
    rows = [(getattr(row, given), getattr(row, wanted)) for row in LEVELS]
    ends = sorted((rows[0][0], rows[-1][0]))
    value = min(max(value, ends[0]), ends[1])
    for (x, y), (next_x, next_y) in pairwise(rows):
        if min(x, next_x) <= value <= max(x, next_x):
            return float(y + (next_y - y) * (value - x) / (next_x - x))
    return float(rows[-1][1])


def mean_shift(pairs: Iterable[tuple[Tensor, Tensor]]) -> float:
    """(clean, other) crops of a picture -> how far their smooth colour has moved, on average."""
    return mean((clean[0].numel(), colour_shift(clean, other)) for clean, other in pairs) or 0.0


@torch.no_grad()
def strictest(pairs: Iterable[tuple[Tensor, Tensor]]) -> Score:
    """(clean, other) crops of a picture -> the lowest score by HaarPSI, LPIPS and smooth colour,
    in points of SSIMULACRA2.

    100 where the crops are too small for these judges, or their packages are missing.
    """
    apart = lpips_distance()
    if apart is None:  # the report says why
        return Score(100)
    said: dict[str, list[tuple[int, float]]] = {"haarpsi": [], "lpips": [], "colour": []}
    for clean, other in pairs:
        if min(clean.shape[1:]) < SMALLEST:
            continue
        pixels = clean[0].numel()
        said["haarpsi"].append((pixels, haarpsi(clean, other).item()))
        said["lpips"].append((pixels, apart(clean, other).item()))
        said["colour"].append((pixels, colour_shift(clean, other)))
    return lowest({judge: mean(values) for judge, values in said.items()})


def lowest(said: Mapping[str, float | None]) -> Score:
    """The lowest of what judges say, in points of SSIMULACRA2; 100 where none was asked.

    said  fields of Limits -> the judge's value; None or NaN where it was not asked
    """
    known = {judge: value for judge, value in said.items() if value is not None}
    asked = [points(judge, value) for judge, value in known.items() if not math.isnan(value)]
    return min(asked, default=Score(100))


@torch.no_grad()
def points_held_out(pairs: Iterable[tuple[Tensor, Tensor]]) -> Score:
    """(clean, other) crops of a picture -> MDSI, in points of SSIMULACRA2.

    100 where it cannot be asked (held_out.py says when). Of a whole large picture it would see
    means of 4 x 4 pixels and more, so it is shown parts.
    """
    said = []
    for clean, other in pairs:
        for rows, columns in product(*(cuts(length, PART) for length in clean.shape[1:])):
            here = clean[:, rows, columns]
            value = mdsi(here, other[:, rows, columns])
            if value is not None:
                scale = MEANS if averaged(*here.shape[1:]) > 1 else 1
                said.append((here[0].numel(), value / scale))
    shown = mean(said)
    return Score(100) if shown is None else points("mdsi", shown)


def mean(values: Iterable[tuple[int, float]]) -> float | None:
    """(pixels, value) of the parts of a picture -> the value of all of it; None of no parts."""
    total, weighted = 0, 0.0
    for pixels, value in values:
        total += pixels
        weighted += pixels * value
    return weighted / total if total else None
