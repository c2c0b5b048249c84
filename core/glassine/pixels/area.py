"""Reduction by area averaging, as trainers shrink pictures; differentiable."""

from __future__ import annotations

from collections.abc import Iterator
from math import ceil, floor
from typing import Any

import torch
from torch import Tensor

_CHUNK = 64  # rows of the result at a time: their matrix needs only the rows that they cover


def area(picture: Tensor, height: int, width: int) -> Tensor:
    """(..., h, w) -> (..., height, width): each pixel is the mean of the area it covers.

    The kernel with which trainers shrink (OpenCV's INTER_AREA); for smaller sizes only.
    """
    if picture.shape[-2:] == (height, width):
        return picture
    return down(down(picture.float(), height).mT, width).mT.contiguous()


def down(picture: Tensor, height: int) -> Tensor:
    """(..., h, w) -> (..., height, w), in the same way."""
    return down_part(picture, picture.shape[-2], height, slice(0, height))


def down_part(part: Tensor, length: int, smaller: int, span: slice) -> Tensor:
    """A span of a reduced axis, from what it covers of the axis itself.

    part     (..., covered, w): those of `length` pixels that the span covers
    smaller  pixels of the reduced axis
    """
    made: Tensor = _Down.apply(part, length, smaller, span)
    return made


class _Down(torch.autograd.Function):
    """Few rows at a time, each from those that it covers. The matrix of all rows is nearly empty,
    and multiplying by it took a seventh of a search on a picture of 2048 px."""

    @staticmethod
    def forward(ctx: Any, part: Tensor, length: int, smaller: int, span: slice) -> Tensor:  # noqa: ANN401
        ctx.asked, ctx.shape = (length, smaller, span), part.shape
        rows = [
            shares.to(part.device) @ part[..., covered, :]
            for covered, shares in pieces(length, smaller, span)
        ]
        return torch.cat(rows, -2)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:  # noqa: ANN401
        (gradient,) = gradients
        back, begun = gradient.new_zeros(ctx.shape), 0
        for covered, shares in pieces(*ctx.asked):
            rows = gradient[..., begun : begun + len(shares), :]
            back[..., covered, :] += shares.to(gradient.device).T @ rows
            begun += len(shares)
        return back, None, None, None


def pieces(length: int, smaller: int, span: slice) -> Iterator[tuple[slice, Tensor]]:
    """As `cover` gives them, for every _CHUNK pixels of the span; counted from the first pixel that
    the span covers."""
    first = floor(span.start * (length / smaller))  # rounded as `cover` rounds
    for start in range(span.start, span.stop, _CHUNK):
        covered, shares = cover(length, smaller, slice(start, min(span.stop, start + _CHUNK)))
        yield slice(covered.start - first, covered.stop - first), shares


def cover(length: int, smaller: int, span: slice) -> tuple[slice, Tensor]:
    """Which of an axis's `length` pixels a span covers that counts in `smaller` reduced pixels.

    Gives those pixels, and the weights (span, pixels) with which they make the span's means; rows
    sum to 1.
    """
    factor = length / smaller
    pixels = slice(floor(span.start * factor), min(length, ceil(span.stop * factor)))
    edges = torch.arange(span.start, span.stop + 1, dtype=torch.float64)[:, None] * factor
    at = torch.arange(pixels.start, pixels.stop, dtype=torch.float64)[None]
    begun = (edges - at).clamp(0, 1)  # share of each pixel that lies before each edge
    return pixels, ((begun[1:] - begun[:-1]) / factor).float()
