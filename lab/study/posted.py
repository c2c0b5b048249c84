"""Does a cloak survive being made smaller? python -m lab.study.posted [--seeds N] [--table]

The study's works are protected at the size at which they are posted, reduced by area means to the
size at which the model learns, and learnt by the base model of cloak.py: with the method before
(c1768e7) and with the engine as it ships, both also `told` at which size models learn: their
training sizes are the study's and twice that, as 512 and 1024 px are otherwise. Beside them stand
clean works, the blend that is as visible as `now told` to SSIMULACRA2, and, `as visible`, the
copies of the method before, made stronger until FSIM, which is held out, rates them like those of
`now told`. `+JPEG 75`: the posted copy was saved as a JPEG first.

All are made with the surrogate that ships, the default effort and SSIMULACRA2 70; the surrogate
imitates the encoder that the model looks through.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import product
from pathlib import Path
from unittest.mock import patch

import torch
from glassine.explore import canvas, training_sizes, views
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.pixels.grid import on_grid
from glassine.types import Artwork, Intent
from glassine.visibility.held_out import fsim
from torch import Tensor

from ..bench import before
from ..bench.effect import EMBEDDED, SCORE
from ..rows import Row, note, rows
from . import base, common, lesson

TOLD, POSTED = " told", 512
KINDS = (
    *("clean", "before told", "now told", "blend", "before", "now"),
    *("before told+JPEG 75", "now told+JPEG 75", "before as visible"),
)
CODEC = "jpeg75"
LOOKS, STRONGEST = 12, 8.0
"""Of the search for a strength, and how much stronger it may make a change."""
