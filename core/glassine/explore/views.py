"""What a step looks at: the picture at a size at which models would learn it.

Half of the views have exactly the size of the largest bucket to which training would reduce the
picture. The others have sizes around that bucket, or around three quarters of the picture's side,
because a loss at one exact size gains less beside it (docs/eye.md). A view shows the whole picture,
because steps that saw a quarter of a larger copy closed less of the gap, even at that copy's own
size; it is a crop only where memory is short, or where the picture is a strip.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, inf, log

import torch
from torch import Generator

from ..pixels.pad import SMALLEST, STRIDE, covered
from .evenly import evenly
from .training_sizes import SIZES, lengths, side_of, training_sizes

AROUND = 1.125  # largest size of a view over the middle one, and the middle one over the smallest
MIDDLE = 0.75  # middle size as a share of the picture's side, if less than the largest bucket
EXACT = 0.5  # share of views at the largest bucket, beside those drawn around it
SIDES = 64  # pixels; step between sizes, as of buckets, and so that a step reuses memory as it is
CROP = 1856  # pixels; longest side that an encoder sees at once: twice as wide as high fits in


@dataclass(frozen=True)
class View:
    """A crop of a reduced copy: the whole copy's height and width, and the crop in it."""

    height: int
    width: int
    rows: slice
    columns: slice

    @property
    def pixels(self) -> int:
        height, width = (span.stop - span.start for span in (self.rows, self.columns))
        return int(height * width)


@dataclass(frozen=True)
class Views:
    """How views of a picture are drawn.

    sizes  smallest and largest size of a view, spread evenly on a logarithmic scale in steps of
           SIDES: sides in pixels of squares with as many pixels; None: the picture's own size
    often  a size that EXACT of the views have, whatever the others are; None: no such size
    crop   longest side of a view, in pixels
    """

    height: int
    width: int
    sizes: tuple[float, float] | None
    crop: int = CROP
    often: float | None = None

    def draw(self, number: int, draw: Generator) -> View:
        """The view of that number, from 0 up: sizes are spread evenly, crops by chance."""
        down, across = torch.rand(2, generator=draw).tolist()
        return self.view(self.side(evenly(number)), down, across)

    def side(self, at: float) -> float | None:
        """The size that a number in [0, 1) chooses; None: the picture's own."""
        if self.sizes is None:
            return None
        if self.often is not None:
            if at < EXACT:
                return self.often
            at = (at - EXACT) / (1 - EXACT)
        low, high = self.sizes
        side = exp(log(low) + at * (log(high) - log(low)))
        return min(max(round(side / SIDES) * SIDES, low), high)

    def view(self, side: float | None, down: float, across: float) -> View:
        """The view of that size; two numbers in [0, 1] choose where it is cropped."""
        if side is None:
            height, width = covered(self.height), covered(self.width)
        else:
            sizes = lengths(self.height, self.width, side, STRIDE)
            height, width = (max(SMALLEST, length) for length in sizes)
        rows, columns = cut(height, self.crop, down), cut(width, self.crop, across)
        return View(height, width, rows, columns)

    def mean_pixels(self) -> float:
        """The pixels of a view, on average."""
        sides = [self.side((i + 0.5) / 64) for i in range(64)]
        return sum(self.view(side, 0, 0).pixels for side in sides) / len(sides)


def views(height: int, width: int, crop: int = CROP, most: float = inf) -> Views:
    """Views at the picture's own size where no bucket reduces it; else as often at the largest that
    does as around the largest bucket, or around three quarters of the picture's side where that is
    less; none is larger than `most`.

    Smaller views would cost more than they gain: what changes them has coarse detail, which the
    eye sees best (docs/eye.md).
    """
    side, buckets = side_of(height, width), training_sizes(height, width)
    middle = min(max(SIZES), MIDDLE * side, most / AROUND)
    least = SMALLEST * side / min(height, width)
    low, high = max(middle / AROUND, least), middle * AROUND
    if not buckets or low >= high:  # or a strip would become too narrow
        return Views(height, width, None, crop)
    often = max((bucket for bucket in buckets if least <= bucket <= most / AROUND), default=None)
    return Views(height, width, (low, high), crop, often)


def cut(length: int, most: int, at: float) -> slice:
    """At most `most` pixels of an axis; `at` in [0, 1] chooses where, from the start to the end.

    Both ends are chosen as often as if crops could reach beyond them. Were every place as likely,
    pixels at the border would hardly ever be seen, and the change would stop before it.
    """
    size = min(length, most)
    start = min(max(0, round(at * (length + size)) - size), length - size)
    return slice(start, start + size)
