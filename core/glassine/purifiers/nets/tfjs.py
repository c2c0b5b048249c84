"""TensorFlow.js graph models as torch functions: MAXIM, as a package for browsers carries it.

It runs the operations that MAXIM's denoiser uses, by TensorFlow's definitions of them, and refuses
a graph with others. Neither TensorFlow nor a JavaScript engine is needed. Tensors are in
TensorFlow's order, (B, H, W, C); shapes within the graph are small tensors of whole numbers.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import WeightsMissing

Options = dict[str, Any]


@dataclass(frozen=True)
class Node:
    """One operation of the graph; `done` are the inputs that no later node needs."""

    name: str
    kind: str
    inputs: tuple[str, ...]
    options: Options
    done: tuple[str, ...] = field(default=())


def tfjs_network(
    graph: Sequence[Mapping[str, Any]], tensors: Mapping[str, Tensor], output: str
) -> Callable[[Tensor], Tensor]:
    """The function of (B, H, W, C) that the graph's node `output` gives.

    graph    the rows of the model's `modelTopology.node`
    tensors  the graph's constants by name

    Raises WeightsMissing where the graph has operations that are unknown here.
    """
    nodes = in_order(graph, output)
    unknown = {node.kind for node in nodes} - set(_RUN) - {"Const", "Placeholder"}
    if unknown:
        raise WeightsMissing("tfjs.unknown_layers", layers=tuple(sorted(unknown)))

    def run(picture: Tensor) -> Tensor:
        found: dict[str, Tensor] = {}
        for node in nodes:
            if node.kind == "Const":
                found[node.name] = tensors[node.name].to(picture.device)
            elif node.kind == "Placeholder":
                found[node.name] = picture
            else:
                inputs = [found[name] for name in node.inputs]
                found[node.name] = _RUN[node.kind](inputs, node.options)
            for name in node.done:
                del found[name]
        return found[output]

    return run


def in_order(graph: Sequence[Mapping[str, Any]], output: str) -> list[Node]:
    """What `output` needs, each after its inputs; raises KeyError where one is missing."""
    rows = {row["name"]: row for row in graph}
    names, seen, waiting = list[str](), set[str](), [(output, False)]
    while waiting:
        name, ready = waiting.pop()
        if ready:
            names.append(name)
        elif name not in seen:
            seen.add(name)
            waiting += [(name, True), *((one, False) for one in inputs_of(rows[name]))]
    last = {one: name for name in names for one in inputs_of(rows[name])}
    return [
        Node(
            name,
            rows[name]["op"],
            inputs_of(rows[name]),
            {key: option_value(one) for key, one in rows[name].get("attr", {}).items()},
            tuple(dict.fromkeys(one for one in inputs_of(rows[name]) if last[one] == name)),
        )
        for name in names
    ]


def inputs_of(row: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the nodes whose values a node takes; "^name" only says what runs before it."""
    return tuple(one for one in row.get("input", ()) if not one.startswith("^"))


def option_value(told: Mapping[str, Any]) -> object:
    """The value of one option: a number, a word, a type's name or a list of numbers."""
    if "s" in told:
        return base64.b64decode(told["s"]).decode()
    if "list" in told:
        return [int(one) for one in told["list"].get("i", ())]
    if "i" in told:
        return int(told["i"])
    return told.get("b", told.get("type"))


def numbers(tensor: Tensor) -> list[int]:
    return [int(one) for one in tensor.reshape(-1).tolist()]


def same_padding(length: int, kernel: int, step: int) -> tuple[int, int]:
    """Pixels before and after, with which the output has a `step`-th of the length."""
    whole = max((-(-length // step) - 1) * step + kernel - length, 0)
    return whole // 2, whole - whole // 2


def convolved(xs: list[Tensor], options: Options) -> Tensor:
    picture, kernel = xs[0].permute(0, 3, 1, 2), xs[1].permute(3, 2, 0, 1)
    steps = options["strides"][1:3]
    if options["padding"] == "SAME":
        down, across = (
            same_padding(picture.shape[axis], kernel.shape[axis], steps[axis - 2])
            for axis in (2, 3)
        )
        picture = F.pad(picture, (*across, *down))
    return F.conv2d(picture, kernel, stride=steps).permute(0, 2, 3, 1)


def convolved_back(xs: list[Tensor], options: Options) -> Tensor:
    """The transposed convolution; without padding its size follows from its input's."""
    picture, kernel = xs[2].permute(0, 3, 1, 2), xs[1].permute(3, 2, 0, 1)
    out = F.conv_transpose2d(picture, kernel, stride=options["strides"][1:3])
    return out.permute(0, 2, 3, 1)


def summed(xs: list[Tensor], options: Options) -> Tensor:
    return xs[0].sum(numbers(xs[1]), keepdim=bool(options.get("keep_dims")))


def cast(xs: list[Tensor], options: Options) -> Tensor:
    return xs[0].to(torch.int32 if options["DstT"] == "DT_INT32" else torch.float32)


def gathered(xs: list[Tensor], options: Options) -> Tensor:
    return xs[0].index_select(int(xs[2]), xs[1].long())


def squeezed(xs: list[Tensor], options: Options) -> Tensor:
    out = xs[0]
    for axis in sorted((axis % out.dim() for axis in options["squeeze_dims"]), reverse=True):
        out = out.squeeze(axis)
    return out


def counted_up(xs: list[Tensor], options: Options) -> Tensor:
    start, end, step = (one.item() for one in xs)
    return torch.arange(start, end, step, device=xs[0].device).to(xs[0].dtype)


def strided(xs: list[Tensor], options: Options) -> Tensor:
    """A part of each axis; an axis in `shrink_axis_mask` is dropped."""
    dropped, start = options.get("shrink_axis_mask", 0), numbers(xs[1])
    cut = (slice(*ends) for ends in zip(start, numbers(xs[2]), numbers(xs[3]), strict=True))
    return xs[0][tuple(start[at] if dropped >> at & 1 else one for at, one in enumerate(cut))]


def plain(function: Callable[..., Tensor]) -> Callable[[list[Tensor], Options], Tensor]:
    """An operation that torch has too, with the same inputs and no options."""
    return lambda xs, _: function(*xs)


_RUN: dict[str, Callable[[list[Tensor], Options], Tensor]] = {
    "Abs": plain(torch.abs),
    "AddV2": plain(torch.add),
    "BroadcastTo": lambda xs, _: xs[0].expand(numbers(xs[1])),
    "Cast": cast,
    "ConcatV2": lambda xs, _: torch.cat(xs[:-1], int(xs[-1])),
    "Conv2D": convolved,
    "Conv2DBackpropInput": convolved_back,
    "Einsum": lambda xs, options: torch.einsum(options["equation"], *xs),
    "Exp": plain(torch.exp),
    "ExpandDims": lambda xs, _: xs[0].unsqueeze(int(xs[1])),
    "Floor": plain(torch.floor),
    "FloorDiv": plain(torch.floor_divide),
    "FloorMod": plain(torch.remainder),
    "GatherV2": gathered,
    "Greater": plain(torch.gt),
    "GreaterEqual": plain(torch.ge),
    "Identity": lambda xs, _: xs[0],
    "Less": plain(torch.lt),
    "LessEqual": plain(torch.le),
    "LogicalAnd": plain(torch.logical_and),
    "Maximum": plain(torch.maximum),
    "Minimum": plain(torch.minimum),
    "Mul": plain(torch.mul),
    "Neg": plain(torch.neg),
    "NotEqual": plain(torch.ne),
    "Pack": lambda xs, options: torch.stack(xs, options.get("axis", 0)),
    "Range": counted_up,
    "RealDiv": plain(torch.div),
    "Reciprocal": plain(torch.reciprocal),
    "Reshape": lambda xs, _: xs[0].reshape(numbers(xs[1])),
    "Rsqrt": plain(torch.rsqrt),
    "SelectV2": plain(torch.where),
    "Shape": lambda xs, _: torch.tensor(xs[0].shape, dtype=torch.int32, device=xs[0].device),
    "Sign": plain(torch.sign),
    "Square": plain(torch.square),
    "Squeeze": squeezed,
    "StridedSlice": strided,
    "Sub": plain(torch.sub),
    "Sum": summed,
    "Tanh": plain(torch.tanh),
    "Transpose": lambda xs, _: xs[0].permute(numbers(xs[1])),
}
