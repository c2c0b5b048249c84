"""The layers of a tiny encoder that see a picture at its own size, in strips of rows.

64 channels of float32 take 268 MB for a megapixel, and several such tensors exist at once. In
strips they stay small, and leave smaller gaps where freed memory is kept for reuse
(machine/memory.py). A whole picture and its strips differ only in how gradients are rounded and
clipped: by the size of a strip's gradients instead of the picture's.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from ...machine.bytewise import span_between

if TYPE_CHECKING:
    from .backward import ByteBlock, FirstConvolution, Halving

STRIP = 512 * 512  # pixels of a strip: smaller ones cost more in rows that are computed twice
ABOVE, BELOW = 6, 6
"""Rows beside a strip that are computed with it and then dropped, because at a cut convolutions
see zeros in place of the picture: four of 3x3, and one that halves."""


@dataclass(frozen=True)
class Strip:
    """Rows of the picture, even numbers; `start` to `stop` lie within `first` to `last`, which are
    computed."""

    first: int
    start: int
    stop: int
    last: int

    @property
    def kept(self) -> slice:
        """The strip's rows among those that are computed."""
        return slice(self.start - self.first, self.stop - self.first)

    def halved(self) -> Strip:
        return Strip(*(row // 2 for row in (self.first, self.start, self.stop, self.last)))


def strips(height: int, width: int) -> Iterator[Strip]:
    """The strips of a picture, from top to bottom."""
    rows = max(2, STRIP // width // 2 * 2)
    for start in range(0, height, rows):
        stop = min(start + rows, height)
        yield Strip(max(0, start - ABOVE), start, stop, min(height, stop + BELOW))


class Gathered:
    """A tensor (B, C, height, W), channels last, to which strips add their rows."""

    rows: Tensor

    def __init__(self, height: int) -> None:
        self._height = height

    def add(self, part: Tensor, strip: Strip) -> None:
        if strip.start == 0:
            size = (*part.shape[:2], self._height, part.shape[3])
            self.rows = torch.empty(size, dtype=part.dtype, memory_format=torch.channels_last)
        self.rows[:, :, strip.start : strip.stop] = part[:, :, strip.kept]


class Opening(nn.Module):
    """First convolution, block and halving, in bytes. (B, 3, H, W) -> (B, C, H / 2, W / 2)."""

    def __init__(self, first: FirstConvolution, block: ByteBlock, halving: Halving) -> None:
        super().__init__()
        self.first, self.block, self.halving = first, block, halving

    def forward(self, x: Tensor) -> Tensor:
        if x.shape[2] * x.shape[3] <= STRIP:
            return cast("Tensor", self.halving(self.block(self.first(x))))
        return cast("Tensor", InStrips.apply(x, self))


class Kept(FunctionCtx):
    """What a forward pass leaves for its backward pass."""

    opening: Opening
    needs_input_grad: tuple[bool, ...]
    saved_tensors: tuple[Tensor, ...]


class InStrips(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Kept, x: Tensor, opening: Opening) -> Tensor:
        height, width = x.shape[2:]
        scale, zero = span_of(x, opening.first)
        halves, passed = Gathered(height // 2), Gathered(height)
        for strip in strips(height, width):
            half, let = onward(x, strip, opening, scale, zero)
            halves.add(half, strip.halved())
            if ctx.needs_input_grad[0]:  # not where a goal's latents are taken
                passed.add(let, strip)
        if ctx.needs_input_grad[0]:
            ctx.opening = opening
            ctx.save_for_backward(passed.rows)
        return halves.rows

    @staticmethod
    @once_differentiable
    def backward(ctx: Kept, gradient: Tensor) -> tuple[Tensor, None]:
        height, width = (2 * length for length in gradient.shape[2:])
        parts = [
            backward(gradient, strip, ctx.opening, *ctx.saved_tensors)
            for strip in strips(height, width)
        ]
        return torch.cat(parts, dim=2), None


def onward(
    x: Tensor, strip: Strip, opening: Opening, scale: float, zero: int
) -> tuple[Tensor, Tensor]:
    """The strip at half the size, and where its block's ReLUs let numbers pass."""
    first = opening.first.conv(x[:, :, strip.first : strip.last])
    y, passed = opening.block.onward(first, scale, zero)
    return opening.halving.onward(y), passed


def backward(gradient: Tensor, strip: Strip, opening: Opening, passed: Tensor) -> Tensor:
    """(B, 3, rows, W): the gradient at the strip's pixels."""
    half = strip.halved()
    here = slice(strip.first, strip.last)
    at = opening.halving.back(gradient[:, :, half.first : half.last])
    there = opening.block.back(at, passed[:, :, here])
    return opening.first.back(there)[:, :, strip.kept]


def span_of(x: Tensor, first: FirstConvolution) -> tuple[float, int]:
    """(scale, zero) with which all values after the first convolution fit into bytes."""
    low, high = 0.0, 0.0
    for strip in strips(*x.shape[2:]):
        y = first.conv(x[:, :, strip.first : strip.last])
        low, high = min(low, float(y.amin())), max(high, float(y.amax()))
    return span_between(low, high)
