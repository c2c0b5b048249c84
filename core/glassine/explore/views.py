"""What a step looks at: the picture at a size at which models would learn it, or a crop of that.

A loss at one exact size is fragile: it closes .098 of the gap at that size, and .03 to .04 at sizes
beside it (docs/eye.md). So every step draws a size. Most views show the whole picture: steps that
saw a quarter of a larger copy closed less of the gap, even at that copy's own size. A copy that is
longer than CROP is looked at in crops, so that memory and time of a step do not grow with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, log

import torch
from torch import Generator

from ..pixels.pad import SMALLEST, STRIDE, covered
from .training_sizes import SIZES, lengths, side_of, training_sizes

CROP = 512  # pixels; the longest side that an encoder sees at once
LEAST, ABOVE, MOST = 0.75, 1.25, 1.25
"""As factors on a bucket's side: how far views reach down and up from the smallest bucket, and up
to which size above the largest bucket a picture is searched at its own size."""
OWN = 0.2  # share of views at the picture's own size, where only the smaller bucket reduces it


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

    own        share of the views that have the picture's own size
    low, high  range of the other views' sizes, drawn evenly on a logarithmic scale; sides in pixels
               of squares with as many pixels
    crop       longest side of a view, in pixels
    """

    height: int
    width: int
    own: float
    low: float
    high: float
    crop: int = CROP

    def draw(self, draw: Generator) -> View:
        at, down, across = torch.rand(3, generator=draw).tolist()
        return self.view(self.side(at), down, across)

    def side(self, at: float) -> float | None:
        """The size that a number in [0, 1) chooses, as in `low`; None: the picture's own."""
        if at < self.own:
            return None
        share = (at - self.own) / (1 - self.own)
        return exp(log(self.low) + share * (log(self.high) - log(self.low)))

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


def views(height: int, width: int, crop: int = CROP) -> Views:
    """Views at the picture's own size where no bucket reduces it, else around the smallest."""
    side, buckets = side_of(height, width), training_sizes(height, width)
    low, least = LEAST * min(SIZES), SMALLEST * side / min(height, width)
    own = OWN if side <= MOST * max(SIZES) else 0.0
    high = min(side / MOST if own else side, ABOVE * min(SIZES))
    if not buckets or max(low, least) >= high:  # or a strip would become too narrow
        return Views(height, width, 1.0, side, side, crop)
    return Views(height, width, own, max(low, least), high, crop)


def cut(length: int, most: int, at: float) -> slice:
    """At most `most` pixels of an axis; `at` in [0, 1] chooses where, from the start to the end.

    Both ends are chosen as often as if crops could reach beyond them. Were every place as likely,
    pixels at the border would hardly ever be seen, and the change would stop before it.
    """
    size = min(length, most)
    start = min(max(0, round(at * (length + size)) - size), length - size)
    return slice(start, start + size)
