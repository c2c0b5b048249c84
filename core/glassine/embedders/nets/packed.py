"""Weights as bytes with a scale per output channel, or in float16: packing, and unpacking."""

from __future__ import annotations

from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

SCALE = ".scale"
_MOST = 127  # the largest value of int8

State = dict[str, Tensor]


def unpacked(file: Path) -> State:
    """Name -> float32 tensor, from a file of packed weights."""
    state = load_file(file)
    scales = {name.removesuffix(SCALE): state.pop(name) for name in list(state) if SCALE in name}
    whole = {name: value.float() for name, value in state.items()}
    for name, scale in scales.items():
        whole[name] *= along_first(scale, whole[name])
    return whole


def packed(name: str, weight: Tensor) -> State:
    """One tensor as int8, and a scale for each output channel that fits its largest value."""
    scale = weight.flatten(1).abs().amax(1).clamp_min(1e-12) / _MOST
    scale = scale.half().float().clamp_min(2**-24)  # divides by what is stored
    rounded = (weight / along_first(scale, weight)).round().clamp(-_MOST, _MOST)
    return {name: rounded.to(torch.int8), name + SCALE: scale.half()}


def along_first(scale: Tensor, weight: Tensor) -> Tensor:
    return scale.float().view(-1, *[1] * (weight.dim() - 1))
