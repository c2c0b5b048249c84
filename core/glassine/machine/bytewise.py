"""3x3 convolutions on bytes: four times as fast as float32 where a CPU has VNNI.

They are oneDNN's quantised kernels, as torch offers them. Activations and gradients x are stored as
x / scale + zero, rounded and clamped to a byte; weights as -127..127 with one scale per output
channel.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor
from torch.nn import functional as F

TOP, MIDDLE = torch.iinfo(torch.uint8).max, 128  # MIDDLE is the zero point of signed values


@dataclass(frozen=True)
class ByteConv:
    """A convolution whose weights are packed for the kernel.

    scales  (out,): of the weights, one per output channel
    """

    weight: Tensor
    scales: Tensor
    bias: Tensor | None
    stride: int

    @classmethod
    def of(cls, weight: Tensor, bias: Tensor | None, stride: int = 1) -> ByteConv:
        """The convolution with these float32 weights (out, in, 3, 3) and this bias (out,)."""
        scales = weight.abs().amax((1, 2, 3)).clamp_min(1e-12) / (MIDDLE - 1)
        whole = (weight / scales[:, None, None, None]).round().to(torch.int8).contiguous()
        one, steps = [1, 1], [stride, stride]
        pack = torch.ops.onednn.qconv_prepack
        return cls(pack(whole, scales, 1.0, 0, steps, one, one, 1, None), scales, bias, stride)

    def __call__(self, seen: Tensor, scale: float, zero: int) -> Tensor:
        """(B, in, H, W) bytes, channels last -> (B, out, H / stride, W / stride) float32.

        scale, zero  in which `seen` is stored
        """
        return self._run(seen, scale, zero, 1.0, 0, torch.float32)

    def again(self, seen: Tensor, scale: float, zero: int, then: float, middle: int) -> Tensor:
        """As a call, with bytes as the result, clamped: for a further convolution.

        Faster than to write float32 and then round it, where the result's scale is known.

        then, middle  scale and zero point of the result
        """
        return self._run(seen, scale, zero, then, middle, torch.uint8)

    def _run(
        self, seen: Tensor, scale: float, zero: int, then: float, middle: int, dtype: torch.dtype
    ) -> Tensor:
        one, steps = [1, 1], [self.stride, self.stride]
        zeros = torch.zeros(len(self.scales), dtype=torch.long)
        out: Tensor = torch.ops.onednn.qconv2d_pointwise(
            *(seen, scale, zero, self.weight, self.scales, zeros, self.bias, steps, one, one, 1),
            *(then, middle, dtype, "none", [], ""),
        )
        return out


def span(x: Tensor) -> tuple[float, int]:
    """(scale, zero) with which all values of x fit into bytes."""
    return span_between(float(x.amin()), float(x.amax()))  # torch.aminmax takes fifty times as long


def span_between(low: float, high: float) -> tuple[float, int]:
    """(scale, zero) with which all values from low to high fit into bytes."""
    if low >= 0:
        return max(high, 1e-30) / TOP, 0
    return max(high, -low) / (MIDDLE - 1), MIDDLE


def rounded(x: Tensor, scale: float, zero: int) -> Tensor:
    """The bytes of x, in x's memory layout; values out of range are clamped."""
    if not hasattr(torch, "quantize_per_tensor"):  # torch will remove it; this is 4 times as slow
        return (x / scale).add_(zero).round_().clamp_(0, TOP).to(torch.uint8)
    whole = torch.quantize_per_tensor(x, scale, zero, torch.quint8)
    same = torch.empty(0, dtype=torch.uint8)  # to share memory with `whole`: int_repr copies
    return same.set_(whole.untyped_storage(), 0, whole.shape, whole.stride())


@cache
def usable() -> bool:
    """Whether this processor has VNNI and this torch computes such a convolution right."""
    draw = torch.Generator().manual_seed(1)
    x = torch.rand(1, 32, 16, 16, generator=draw).contiguous(memory_format=torch.channels_last)
    weight = torch.randn(32, 32, 3, 3, generator=draw)
    scale, zero = span(x)
    try:
        if not torch.cpu._is_vnni_supported():
            return False
        with warnings.catch_warnings():  # torch warns that it will remove quantize_per_tensor
            warnings.simplefilter("ignore")
            out = ByteConv.of(weight, None)(rounded(x, scale, zero), scale, zero)
    except (AttributeError, RuntimeError):
        return False
    true = F.conv2d(x, weight, padding=1)
    return bool((out - true).norm() < 0.05 * true.norm())
