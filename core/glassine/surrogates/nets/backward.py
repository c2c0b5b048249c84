"""Tiny encoders for the optimiser's steps: their backward pass clips gradients.

A few gradients inside an encoder outweigh all others many times over and say little about where
the next step should go. Clipped at a few times their root mean square in every convolution, ten
steps close 3 % more of the gap at the same visibility, and a third more on SDXL, whose gradients
are wildest. How that was found: lab/study/embedded. Reports measure with the encoders as they are.

On CPUs that multiply bytes four times as fast as float32, a block's three convolutions run in bytes
in both passes, and the convolutions that halve the size in the forward pass: less than half of the
time, and 1 % less effect. The range of the numbers inside a block is learnt once, on noise:
measuring it in every step takes a seventh longer.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Sequence
from typing import cast

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.autograd.function import FunctionCtx, once_differentiable

from ...machine.bytewise import MIDDLE, TOP, ByteConv, rounded, span
from .opening import Opening

CUT = 3.5
"""Gradients are clipped at this many times their root mean square.

Low, because a step works on one family alone and no other averages out what is huge by chance. On
pictures that later measurements do not use, 3.5 instead of 8 adds 3 % (SDXL an eighth) to the
effect of ten steps on the embedded families in turn, .8 % to that of 22 on the real ones in turn
(on ten paintings -.2 %) and .2 % to that of twelve on one.
"""
LAST_RELU = 4  # the bit of a block's last ReLU, after its two inner ones
ROOM = 2.0
"""Range of a block, in multiples of what noise reaches in it. Pictures reach .4 to 2 times as far
as noise in 19 of 20 blocks."""


def gradient_twin(net: nn.Module, cut: float, in_bytes: bool) -> nn.Module:
    """A copy whose residual blocks clip gradients; where there are none, the network itself.

    cut  where they are clipped, in root mean squares of the gradient
    """
    if not any(convolutions(part) for part in net.children()):
        return net
    twin = nn.Sequential()
    for name, part in net.named_children():
        twin.add_module(name, twin_of(part, cut, in_bytes))
    twin = in_strips(twin).eval().requires_grad_(False)
    if in_bytes:
        learn_ranges(twin, channels=next(net.parameters()).shape[1])
    return twin


def learn_ranges(net: nn.Module, channels: int) -> None:
    """Takes one gradient on noise, from which every block learns the range of its numbers."""
    noise = torch.rand(1, channels, 16, 16, generator=torch.Generator().manual_seed(1))
    at = F.interpolate(noise, scale_factor=8, mode="bicubic").clamp(0, 1)
    at = at.contiguous(memory_format=torch.channels_last).requires_grad_(True)
    with torch.enable_grad():
        net(at).square().sum().backward()


def twin_of(part: nn.Module, cut: float, in_bytes: bool) -> nn.Module:
    """What stands for that part of the network while steps are taken; shares nothing with it."""
    if in_bytes and (convs := convolutions(part)):
        return ByteBlock(convs, copy.deepcopy(pool(part)), cut)
    part = copy.deepcopy(part)
    if convs := convolutions(part):
        return CutBlock(convs, pool(part), cut)
    if in_bytes and isinstance(part, nn.Conv2d) and part.kernel_size == (3, 3):
        if part.stride == (2, 2):
            return Halving(part)
        if part.in_channels < part.out_channels:
            return FirstConvolution(part)
    return part


def in_strips(twin: nn.Sequential) -> nn.Sequential:
    """The twin with its layers at the picture's own size as one, where they are in bytes."""
    match list(twin):
        case [FirstConvolution() as first, ByteBlock() as block, Halving() as halving, *deeper]:
            return nn.Sequential(Opening(first, block, halving), *deeper)
    return twin


def convolutions(part: nn.Module) -> tuple[nn.Conv2d, ...]:
    """The three of relu(conv(relu(conv(relu(conv(x))))) + x), 3x3 each; () for other modules."""
    inner = getattr(part, "conv", None)
    if not isinstance(inner, nn.Sequential):
        return ()
    found = tuple(one for one in inner if isinstance(one, nn.Conv2d))
    whole = len(found) == 3 and all(conv.kernel_size == (3, 3) for conv in found)
    return found if whole else ()


def pool(part: nn.Module) -> nn.Module | None:
    """The pool that FLUX.2's deepest blocks first add to x; None in other blocks."""
    return cast("nn.Module | None", getattr(part, "pool", None))


class CutBlock(nn.Module):
    """A block in the network's own number format."""

    def __init__(self, convs: tuple[nn.Conv2d, ...], pool: nn.Module | None, cut: float) -> None:
        super().__init__()
        self.convs, self.pool, self.cut = nn.ModuleList(convs), pool, cut

    def forward(self, x: Tensor) -> Tensor:
        y = x = x if self.pool is None else x + self.pool(x)
        for number, conv in enumerate(self.convs):
            y = Cut.apply(conv(y if number == 0 else torch.relu(y)), self.cut)
        return torch.relu(y + x)


class ByteBlock(nn.Module):
    """A block in bytes, on a CPU. Takes and gives float32 (B, C, H, W), channels last."""

    def __init__(self, convs: tuple[nn.Conv2d, ...], pool: nn.Module | None, cut: float) -> None:
        super().__init__()
        self.pool, self.cut = pool, cut
        self.forward_convs = [ByteConv.of(conv.weight, conv.bias) for conv in convs]
        turned = [conv.weight.flip(2, 3).transpose(0, 1) for conv in reversed(convs)]
        self.backward_convs = [ByteConv.of(weight, None) for weight in turned]
        self.rise: tuple[float, ...] = ()  # see `risen`
        self.growth: tuple[float, ...] = ()  # see `grown`

    def forward(self, x: Tensor) -> Tensor:
        x = x if self.pool is None else x + self.pool(x)
        return cast("Tensor", Bytes.apply(x, self))

    def onward(self, x: Tensor, scale: float, zero: int) -> tuple[Tensor, Tensor]:
        """The block without its pool on x, which fits into bytes of that scale and zero; and a
        byte per number, whose bits 0 to 2 say where its three ReLUs let numbers pass.

        Rounding clamps negative numbers to 0, so it is the ReLU too.
        """
        seen, top = rounded(x, scale, zero), scale * (TOP - zero)
        self.rise = self.rise or risen(self, seen, scale, zero)
        passed = torch.zeros_like(seen)
        for bit, (conv, rise) in enumerate(zip(self.forward_convs, self.rise, strict=False)):
            top *= rise
            seen, scale, zero = conv.again(seen, scale, zero, top / TOP, 0), top / TOP, 0
            passed.add_(seen.clamp(max=1), alpha=1 << bit)
        y = self.forward_convs[-1](seen, scale, zero).add_(x).relu_()
        return y, passed.add_((y > 0).view(torch.uint8), alpha=LAST_RELU)

    def back(self, gradient: Tensor, passed: Tensor) -> Tensor:
        """The gradient at the block's input; changes the one at its output, `gradient`, in place.

        passed  as of `onward`
        """
        threshold = torch.ops.aten.threshold_backward.grad_input
        beside = threshold(gradient, (passed & LAST_RELU).float(), 0, grad_input=gradient)
        inner = [((passed >> bit) & 1).neg_() for bit in (0, 1)]  # all bits where it passed
        size = mean_size(beside)
        self.growth = self.growth or grown(self, beside, inner)
        seen = rounded(beside, self.step(size), MIDDLE)
        backward = zip(self.backward_convs, reversed(inner), self.growth, strict=False)
        for conv, mask, growth in backward:
            scale, size = self.step(size), size * growth
            seen = let(conv.again(seen, scale, MIDDLE, self.step(size), MIDDLE), mask)
        return self.backward_convs[-1](seen, self.step(size), MIDDLE).add_(beside)

    def step(self, size: float) -> float:
        """Value of one step of a byte, at which gradients of up to `cut` times `size` fit."""
        return self.cut * size / (MIDDLE - 1)


class Halving(nn.Module):
    """A convolution with stride 2: forward in bytes, backward in float32. Even sizes only."""

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv, self.in_bytes = conv, ByteConv.of(conv.weight, conv.bias, 2)

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", Halved.apply(x, self))

    def onward(self, x: Tensor) -> Tensor:
        scale, zero = span(x)
        return self.in_bytes(rounded(x, scale, zero), scale, zero)

    def back(self, gradient: Tensor) -> Tensor:
        weight = self.conv.weight
        return F.conv_transpose2d(gradient, weight, stride=2, padding=1, output_padding=1)


class FirstConvolution(nn.Module):
    """The first convolution, from three channels, whose backward pass torch does half as fast.

    Exact up to the order of sums: gradients times weights as one matrix product, then folded.
    """

    def __init__(self, conv: nn.Conv2d) -> None:
        super().__init__()
        self.conv = conv
        self.taps = conv.weight.flatten(1).T.contiguous()  # (in x 9, out)

    def forward(self, x: Tensor) -> Tensor:
        return cast("Tensor", FirstConvolutionBackward.apply(x, self))

    def back(self, gradient: Tensor) -> Tensor:
        rows = gradient.permute(0, 2, 3, 1).flatten(1, 2)  # (B, H x W, out): as they lie in memory
        return F.fold(self.taps @ rows.mT, gradient.shape[2:], 3, padding=1)


class Saved(FunctionCtx):
    """What a forward pass leaves for its backward pass."""

    block: ByteBlock
    halving: Halving
    entry: FirstConvolution
    cut: float
    saved_tensors: tuple[Tensor, ...]


class Cut(torch.autograd.Function):
    """x itself; its gradient is clipped at `cut` root mean squares."""

    @staticmethod
    def forward(ctx: Saved, x: Tensor, cut: float) -> Tensor:
        ctx.cut = cut
        return x.view_as(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Saved, gradient: Tensor) -> tuple[Tensor, None]:
        size = gradient.norm(dtype=torch.float32)  # stays on the device
        mean = size / math.sqrt(gradient.numel())
        return gradient.clamp(-ctx.cut * mean, ctx.cut * mean), None


class Bytes(torch.autograd.Function):
    """A block without its pool."""

    @staticmethod
    def forward(ctx: Saved, x: Tensor, block: ByteBlock) -> Tensor:
        y, passed = block.onward(x, *span(x))
        ctx.block = block
        ctx.save_for_backward(passed)
        return y

    @staticmethod
    @once_differentiable
    def backward(ctx: Saved, gradient: Tensor) -> tuple[Tensor, None]:
        ours = gradient.is_contiguous(memory_format=torch.channels_last)
        own = gradient if ours else gradient.clone()
        return ctx.block.back(own, *ctx.saved_tensors), None


class Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Saved, x: Tensor, halving: Halving) -> Tensor:
        ctx.halving = halving
        return halving.onward(x)

    @staticmethod
    @once_differentiable
    def backward(ctx: Saved, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.halving.back(gradient), None


class FirstConvolutionBackward(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Saved, x: Tensor, entry: FirstConvolution) -> Tensor:
        ctx.entry = entry
        return cast("Tensor", entry.conv(x))

    @staticmethod
    @once_differentiable
    def backward(ctx: Saved, gradient: Tensor) -> tuple[Tensor, None]:
        return ctx.entry.back(gradient), None


def risen(block: ByteBlock, seen: Tensor, scale: float, zero: int) -> tuple[float, ...]:
    """Factor by which the top of the range rises in each forward convolution but the last."""
    found, top, room = [], scale * (TOP - zero), ROOM
    for conv in block.forward_convs[:-1]:
        y = conv(seen, scale, zero)
        highest = max(float(y.amax()), 1e-30)
        found.append(room * highest / top)
        seen, scale, zero, top, room = rounded(y, highest / TOP, 0), highest / TOP, 0, highest, 1.0
    return tuple(found)


def grown(block: ByteBlock, gradient: Tensor, masks: Sequence[Tensor]) -> tuple[float, ...]:
    """Factor by which gradients grow in each backward convolution but the last.

    Pictures reach .6 to 1.4 times as far as noise in 19 of 20 blocks; clipping a little sooner or
    later changes little.
    """
    found, size = [], mean_size(gradient)
    for conv, mask in zip(block.backward_convs, reversed(masks), strict=False):
        gradient = conv(rounded(gradient, block.step(size), MIDDLE), block.step(size), MIDDLE)
        then = mean_size(gradient)
        found.append(then / size)
        size, gradient = then, gradient * mask.bool()
    return tuple(found)


def let(seen: Tensor, mask: Tensor) -> Tensor:
    """Gradients where the ReLU was open, else 0, in place; masked_fill takes ten times as long."""
    return seen.bitwise_xor_(MIDDLE).bitwise_and_(mask).bitwise_xor_(MIDDLE)


def mean_size(x: Tensor) -> float:
    """Root mean square; never 0, since it divides."""
    return max(float(x.norm()) / math.sqrt(x.numel()), 1e-30)
