"""ncnn models as torch functions: the upscalers and denoisers in PyPI wheels.

It implements the layers that Real-ESRGAN, waifu2x (cunet) and Real-CUGAN use, by the file format in
Tencent/ncnn (`docs/developer-guide/param-and-model-file-structure.md`, BSD-3). Unlike the wheels'
own programs this needs no Vulkan, gives gradients and repeats exactly.

The library itself (PyPI's `ncnn`, 1.0.20261020) was tried in its place, on the processor, without
Vulkan and 16-bit numbers. Its values are within 1.6e-5 of these; in 8 bits, at 96 px, waifu2x gives
the same pixels, and with Real-CUGAN and the two Real-ESRGAN .001 to .013 % are one level off. At
256 px on one thread it takes .55 of the time for waifu2x, .33 for Real-CUGAN, .86 for Real-ESRGAN
animevideov3. It is not used for these reasons: it has no gradients (no removal needs them yet). It
adds 28 MB, a second OpenMP beside torch's, and libraries that fetch models. It opens files with
`fopen`, which on Windows fails in folders that the system's code page cannot name; and where models
are read from memory instead, it does not notice a truncated one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from ...errors import WeightsMissing

_MAGIC = "7767517"
_HALF = 0x01306B47  # tag of float16 weights; float32's is 0
_ARRAY = -23300  # option keys at or below it hold arrays
_ALL = (-233, 2147483647)  # "to the end" in Crop
_MODES = ("", "nearest", "bilinear", "bicubic")

Options = dict[int, Any]


@dataclass(frozen=True)
class Layer:
    """One layer of a .param file; inputs and outputs are names of blobs."""

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    options: Options
    tensors: dict[str, Tensor] = field(default_factory=dict)


@lru_cache(maxsize=8)
def network(stem: Path) -> Callable[[Tensor], Tensor]:
    """The network in `stem`.param and `stem`.bin, as a function of (1, 3, H, W)."""
    layers = read_layers(stem)
    last = {name: at for at, layer in enumerate(layers) for name in layer.inputs}

    def run(picture: Tensor) -> Tensor:
        blobs: dict[str, Tensor] = {}
        result = picture
        for at, layer in enumerate(layers):
            if layer.kind == "Input":
                blobs[layer.outputs[0]] = picture
                continue
            result = _RUN[layer.kind]([blobs[name] for name in layer.inputs], layer)
            blobs.update(dict.fromkeys(layer.outputs, result))
            for name in layer.inputs:
                if last[name] == at:  # deep networks would fill the memory
                    blobs.pop(name, None)
        return result

    return run


def read_layers(stem: Path) -> list[Layer]:
    """The layers in order; raises WeightsMissing where the files do not fit this reader."""
    lines = stem.with_name(stem.name + ".param").read_text().split("\n")
    stream = Stream(stem.with_name(stem.name + ".bin").read_bytes())
    if lines[0].strip() != _MAGIC:
        raise WeightsMissing("ncnn.other_file", file=f"{stem}.param")
    layers = [load_layer(line.split(), stream) for line in lines[2:] if line.strip()]
    unknown = {layer.kind for layer in layers} - set(_RUN) - {"Input"}
    if unknown:
        raise WeightsMissing("ncnn.unknown_layers", name=stem.name, layers=tuple(sorted(unknown)))
    if stream.at != len(stream.data):
        raise WeightsMissing("ncnn.other_length", name=stem.name)
    return layers


class Stream:
    """Reads a .bin file from start to end: a tag stands before weights, none before biases."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, count: int, dtype: str) -> Tensor:
        values = np.frombuffer(self.data, dtype, count, self.at).astype(np.float32)
        self.at += -(-values.size * np.dtype(dtype).itemsize // 4) * 4
        return torch.from_numpy(values)

    def tagged(self, count: int) -> Tensor:
        tag = int.from_bytes(self.data[self.at : self.at + 4], "little")
        self.at += 4
        if tag not in (0, _HALF):
            raise WeightsMissing("ncnn.unknown_weights", tag=f"{tag:#x}")
        return self.take(count, "<f2" if tag == _HALF else "<f4")


def load_layer(words: Sequence[str], stream: Stream) -> Layer:
    """The layer of one .param line, its weights taken from the stream."""
    kind, ins, outs = words[0], int(words[2]), int(words[3])
    names, options = words[4 : 4 + ins + outs], dict(map(option, words[4 + ins + outs :]))
    tensors: dict[str, Tensor] = {}
    if kind in ("Convolution", "Deconvolution"):
        out, wide = options[0], options.get(1, 1)
        high = options.get(11, wide)
        weight = stream.tagged(options[6]).view(out, -1, high, wide)
        tensors["weight"] = weight.transpose(0, 1).contiguous() if kind[0] == "D" else weight
        if options.get(5, 0):
            tensors["bias"] = stream.take(out, "<f4")
    elif kind == "InnerProduct":
        tensors["weight"] = stream.tagged(options[2]).view(options[0], -1)
        if options.get(1, 0):
            tensors["bias"] = stream.take(options[0], "<f4")
    elif kind == "PReLU":
        tensors["weight"] = stream.take(options[0], "<f4")
    return Layer(kind, tuple(names[:ins]), tuple(names[ins:]), options, tensors)


def option(word: str) -> tuple[int, Any]:
    """Key and value of one option, such as "0=64" or "-23310=1,2.0e-01"."""
    key, value = word.split("=", 1)
    if int(key) <= _ARRAY:
        return _ARRAY - int(key), [float(item) for item in value.split(",")[1:]]
    return int(key), float(value) if "." in value or "e" in value else int(value)


def activated(x: Tensor, layer: Layer) -> Tensor:
    """The output with the activation that the layer's options name."""
    kind, values = layer.options.get(9, 0), layer.options.get(10, [])
    if kind == 1:
        return F.relu(x)
    if kind == 2:
        return F.leaky_relu(x, values[0])
    return x.sigmoid() if kind == 4 else x


def convolution(xs: list[Tensor], layer: Layer) -> Tensor:
    o: Any = layer.options
    t, left = layer.tensors, o.get(4, 0)
    top = o.get(14, left)
    x = F.pad(xs[0], (left, o.get(15, left), top, o.get(16, top)), value=float(o.get(18, 0)))
    step, spread = o.get(3, 1), o.get(2, 1)
    out = F.conv2d(
        x,
        t["weight"],
        t.get("bias"),
        (o.get(13, step), step),
        0,
        (o.get(12, spread), spread),
    )
    return activated(out, layer)


def deconvolution(xs: list[Tensor], layer: Layer) -> Tensor:
    o: Any = layer.options
    t, step, left = layer.tensors, o.get(3, 1), o.get(4, 0)
    out = F.conv_transpose2d(
        xs[0], t["weight"], t.get("bias"), (o.get(13, step), step), (o.get(14, left), left)
    )
    return activated(out, layer)


def inner_product(xs: list[Tensor], layer: Layer) -> Tensor:
    out = F.linear(xs[0].flatten(1), layer.tensors["weight"], layer.tensors.get("bias"))
    return activated(out, layer)


def relu(xs: list[Tensor], layer: Layer) -> Tensor:
    return F.leaky_relu(xs[0], float(layer.options.get(0, 0)))


def binary(xs: list[Tensor], layer: Layer) -> Tensor:
    a: Tensor = xs[0]
    b: Any = xs[1] if len(xs) > 1 else layer.options.get(2, 0.0)
    if isinstance(b, Tensor) and b.dim() == 2:
        b = b[:, :, None, None]
    out: Tensor = (a + b, a - b, a * b, a / b)[layer.options.get(0, 0)]
    return out


def eltwise(xs: list[Tensor], layer: Layer) -> Tensor:
    if layer.options.get(0, 0) == 0:
        return xs[0] * xs[1]
    weights = layer.options.get(1) or [1.0] * len(xs)
    return torch.stack([w * x for w, x in zip(weights, xs, strict=True)]).sum(0)


def crop(xs: list[Tensor], layer: Layer) -> Tensor:
    """By a reference blob's size, or by starts, ends and axes."""
    o, x = layer.options, xs[0]
    if len(xs) == 2:
        left, top = max(o.get(0, 0), 0), max(o.get(1, 0), 0)
        return x[..., top : top + xs[1].shape[-2], left : left + xs[1].shape[-1]]
    if 9 not in o:  # offsets at the start, and at the end where no size is given
        for axis, low, size, high in ((3, 0, 3, 6), (2, 1, 4, 7)):
            start, end = o.get(low, 0), o.get(high, 0)
            length = o.get(size, -233)
            length = x.shape[axis] - start - end if length in (0, -233) else length
            x = x.narrow(axis, start, length)
        return x
    for start, end, axis in zip(o[9], o[10], o.get(11, range(len(o[9]))), strict=True):
        axis = int(axis) + 1 if axis >= 0 else int(axis) + x.dim()
        length, first = x.shape[axis], int(start)
        last = (
            length
            if int(end) in _ALL
            else int(end) % (length + 1)
            if end >= 0
            else length + int(end)
        )
        x = x.narrow(axis, first, last - first)
    return x


def padding(xs: list[Tensor], layer: Layer) -> Tensor:
    o = layer.options
    size = (o.get(2, 0), o.get(3, 0), o.get(0, 0), o.get(1, 0))
    return F.pad(xs[0], size, ("constant", "replicate", "reflect")[o.get(4, 0)])


def pooling(xs: list[Tensor], layer: Layer) -> Tensor:
    return xs[0].mean((2, 3), keepdim=True)  # only the global mean occurs in these models


def interp(xs: list[Tensor], layer: Layer) -> Tensor:
    o = layer.options
    mode = _MODES[o.get(0, 1)]
    corners = None if mode == "nearest" else bool(o.get(6, 0))
    factor = (float(o.get(1, 1)), float(o.get(2, 1)))
    return F.interpolate(xs[0], scale_factor=factor, mode=mode, align_corners=corners)


def shuffle(xs: list[Tensor], layer: Layer) -> Tensor:
    return F.pixel_shuffle(xs[0], layer.options[0])


def scale(xs: list[Tensor], layer: Layer) -> Tensor:
    return xs[0] * xs[1].reshape(*xs[1].shape[:2], 1, 1)


_RUN: dict[str, Callable[[list[Tensor], Layer], Tensor]] = {
    "Split": lambda xs, _: xs[0],
    "Convolution": convolution,
    "Deconvolution": deconvolution,
    "InnerProduct": inner_product,
    "ReLU": relu,
    "PReLU": lambda xs, layer: F.prelu(xs[0], layer.tensors["weight"]),
    "Sigmoid": lambda xs, _: xs[0].sigmoid(),
    "Concat": lambda xs, _: torch.cat(xs, 1),
    "BinaryOp": binary,
    "Eltwise": eltwise,
    "Crop": crop,
    "Padding": padding,
    "Pooling": pooling,
    "Interp": interp,
    "PixelShuffle": shuffle,
    "Scale": scale,
}
