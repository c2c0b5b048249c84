"""Pixel units. Only this file and `pixels/grid.py` know how many steps a channel has.

The engine computes on encoded values in [0, 1]. People, papers and budgets speak in 8-bit levels.
Published budgets are often twice what they seem because they were measured on [-1, 1]; naming the
unit in the type keeps that mistake out of this code. Nothing here imports torch: the command line
answers before torch is loaded.
"""

from __future__ import annotations

from typing import NewType

Levels = NewType("Levels", float)
"""Steps of an 8-bit channel: Levels(4) is a change of 4 out of 255."""

Unit = NewType("Unit", float)
"""Fraction of the full channel range: Unit(1) is white."""

Score = NewType("Score", float)
"""A picture's SSIMULACRA2 score: 100 is identical, 90 looks identical side by side, 70 is high
quality."""

_STEPS = 255


def to_unit(levels: Levels) -> Unit:
    return Unit(levels / _STEPS)


def to_levels(unit: Unit) -> Levels:
    return Levels(unit * _STEPS)
