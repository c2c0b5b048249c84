"""SSIMULACRA2 (Sneyers, 2022; libjxl `ssimulacra2.cc`), in torch.

It gives the same scores as the PyPI package `ssimulacra2`, which a test compares with it, and is
several times faster: the strength of every result is found by repeated scores. `error` is its
differentiable form for the loop, where it is one of several judges (eye.py).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache, partial

import torch
import torch.nn.functional as F
from torch import Tensor

from ..pixels.srgb import to_linear
from ..units import Score

_C2 = 0.0009
_SCALES = 6
_SMALLEST = 8  # pixels; scales with a shorter side are left out
_SIGMA, _RADIUS = 1.5, 5
_TINY = 1e-20  # keeps the gradient of a fourth root finite where nothing differs
_STRIP = 1 << 16  # pixels; a strip and what is computed of it stay in a processor's cache
_HELD = 1 << 20  # pixels; up to this size a picture's linear light is computed once and held
_BIAS = 0.0037930732552754493
_OPSIN = (
    (0.30, 0.622, 0.078),
    (0.23, 0.692, 0.078),
    (0.24342268924547819, 0.20476744424496821, 0.5518098665095536),
)
# fmt: off
# Trained weights. Rows: channel, scale, (1-norm, 4-norm). Columns: ssim, artefact, lost detail.
_WEIGHTS = (
    0.0, 0.0007376606707406586, 0.0,
    0.0, 0.0007793481682867309, 0.0,
    0.0, 0.0004371155730107379, 0.0,
    1.1041726426657346, 0.00066284834129271, 0.00015231632783718752,
    0.0, 0.0016406437456599754, 0.0,
    1.8422455520539298, 11.441172603757666, 0.0,
    0.0007989109436015163, 0.000176816438078653, 0.0,
    1.8787594979546387, 10.94906990605142, 0.0,
    0.0007289346991508072, 0.9677937080626833, 0.0,
    0.00014003424285435884, 0.9981766977854967, 0.00031949755934435053,
    0.0004550992113792063, 0.0, 0.0,
    0.0013648766163243398, 0.0, 0.0,
    0.0, 0.0, 0.0,
    7.466890328078848, 0.0, 17.445833984131262,
    0.0006235601634041466, 0.0, 0.0,
    6.683678146179332, 0.00037724407979611296, 1.027889937768264,
    225.20515300849274, 0.0, 0.0,
    19.213238186143016, 0.0011401524586618361, 0.001237755635509985,
    176.39317598450694, 0.0, 0.0,
    24.43300999870476, 0.28520802612117757, 0.0004485436923833408,
    0.0, 0.0, 0.0,
    34.77906344483772, 44.835625328877896, 0.0,
    0.0, 0.0, 0.0,
    0.0, 0.0, 0.0,
    0.0, 0.0008680556573291698, 0.0,
    0.0, 0.0, 0.0,
    0.0, 0.0005313191874358747, 0.0,
    0.00016533814161379112, 0.0, 0.0,
    0.0, 0.0, 0.0,
    0.0004179171803251336, 0.0017290828234722833, 0.0,
    0.0020827005846636437, 0.0, 0.0,
    8.826982764996862, 23.19243343998926, 0.0,
    95.1080498811086, 0.9863978034400682, 0.9834382792465353,
    0.0012286405048278493, 171.2667255897307, 0.9807858872435379,
    0.0, 0.0, 0.0,
    0.0005130064588990679, 0.0, 0.00010854057858411537,
)
# fmt: on


def ssimulacra2(clean: Tensor, other: Tensor) -> Score:
    """(3, H, W) sRGB in [0, 1], twice -> 100 for equal, 90 invisible, 70 high quality."""
    return scored(
        (scale, errors(scale_of(one.light(rows)), scale_of(two.light(rows)))[:, inner])
        for scale, (one, two) in enumerate(zip(lights(clean), lights(other), strict=True))
        for rows, inner in strips(one.height, one.width)
    )


def sampled(pairs: Iterable[tuple[Iterable[Scale], Tensor]]) -> Score:
    """The score of a picture by crops of it: (`scales` of the clean crop, the other crop) each."""
    return scored(
        (scale, errors(kept.part(rows), scale_of(two.light(rows)))[:, inner])
        for clean, other in pairs
        for scale, (kept, two) in enumerate(zip(clean, lights(other), strict=True))
        for rows, inner in strips(two.height, two.width)
    )


@torch.no_grad()
def scored(parts: Iterable[tuple[int, Tensor]]) -> Score:
    """The score of a picture from (number of the scale, `errors` there) of all its strips.

    In strips a large picture takes a fifth of the memory and a third of the time.
    """
    sums = torch.zeros(3, _SCALES, 2, 3, dtype=torch.float64)
    counts = torch.zeros(_SCALES, dtype=torch.float64)
    for scale, maps in parts:
        sums[:, scale, 0] += maps.sum((1, 2)).cpu()
        sums[:, scale, 1] += maps.pow(4).sum((1, 2)).cpu()
        counts[scale] += maps[0, ..., 0].numel()
    mean = sums / counts.clamp_min(1)[:, None, None]
    mean[:, :, 1] = mean[:, :, 1] ** 0.25
    return Score(curve((weights() * mean).sum().item()))


def error(clean: Iterable[Scale], other: Tensor) -> Tensor:
    """The weighted error behind the score, differentiable: 0 for equal pictures.

    clean  `scales` of the clean picture
    other  (3, H, W) in [0, 1]
    """
    total, by_scale = torch.zeros((), dtype=torch.float64), weights().unbind(1)
    for here, there, weight in zip(clean, scales(other), by_scale, strict=False):
        maps, weight = errors(here, there), weight.float().to(other.device)
        mean = maps.mean((1, 2)), (maps.pow(4).mean((1, 2)) + _TINY) ** 0.25
        for at, part in enumerate(mean):
            total = total + (weight[:, at] * part).sum().cpu().double()
    return total


@lru_cache(maxsize=1)
def weights() -> Tensor:
    """(3, _SCALES, 2, 3): channel, scale, (1-norm, 4-norm), (ssim, artefact, lost detail)."""
    whole = torch.tensor(_WEIGHTS, dtype=torch.float64).view(3, _SCALES, 2, 3)
    return 0.9562382616834844 * whole


@dataclass(frozen=True)
class Scale:
    """What can be computed from one picture alone at one scale; all (1, 3, H, W).

    mean    blurred `xyb`
    square  blurred squares of `xyb`
    """

    xyb: Tensor
    mean: Tensor
    square: Tensor

    def part(self, rows: slice) -> Scale:
        """Those rows of it."""
        return Scale(self.xyb[:, :, rows], self.mean[:, :, rows], self.square[:, :, rows])


def scales(rgb: Tensor) -> Iterator[Scale]:
    """(3, H, W) sRGB in [0, 1] -> its scales, finest first; keep an original's for many scores."""
    for size in lights(rgb):
        yield scale_of(size.light(slice(None)))


def scale_of(light: Tensor) -> Scale:
    """(1, 3, H, W) linear light -> what is compared of it."""
    here = xyb(light)
    return Scale(here, blur(here), blur(here * here))


@dataclass(frozen=True)
class Lit:
    """A picture at one scale. `light` gives those rows of it: (1, 3, rows, W), linear."""

    height: int
    width: int
    light: Callable[[slice], Tensor]


def lights(rgb: Tensor) -> Iterator[Lit]:
    """(3, H, W) sRGB in [0, 1] -> the picture at each scale, finest first.

    A large picture's finest is turned into linear light as its rows are asked for, and never held.
    """

    def linear(rows: slice) -> Tensor:
        return to_linear(rgb[:, rows].float().clamp(0, 1)[None])

    height, width = rgb.shape[1:]
    held = height * width <= _HELD
    here = Lit(height, width, partial(cut_rows, linear(slice(None))) if held else linear)
    for _ in range(_SCALES):
        if min(here.height, here.width) < _SMALLEST:
            return
        yield here
        parts = [halved(here.light(rows)) for rows in strip_rows(here.height, here.width)]
        small = torch.cat(parts, 2)
        height, width = small.shape[2:]
        here = Lit(height, width, partial(cut_rows, small))


def cut_rows(light: Tensor, rows: slice) -> Tensor:
    return light[:, :, rows]


def strips(height: int, width: int) -> Iterator[tuple[slice, slice]]:
    """(rows with the neighbours that the blur reaches, those rows in it that count)."""
    for rows in strip_rows(height, width):
        low, high = max(0, rows.start - _RADIUS), min(height, rows.stop + _RADIUS)
        yield slice(low, high), slice(rows.start - low, rows.stop - low)


def strip_rows(height: int, width: int) -> list[slice]:
    """The rows in strips of about _STRIP pixels; all but the last have an even number of rows."""
    step = max(2, _STRIP // width // 2 * 2)
    return [slice(start, min(start + step, height)) for start in range(0, height, step)]


def curve(error: float) -> float:
    """Weighted error -> score, by the published polynomial and power."""
    bent = 2.326765642916932 * error - 0.020884521182843837 * error**2
    bent += 6.248496625763138e-05 * error**3
    return 100 - 10 * bent**0.6276336467831387 if bent > 0 else 100.0


def xyb(light: Tensor) -> Tensor:
    """Linear light -> the XYB colour space of JPEG XL, shifted to be positive; (B, 3, H, W)."""
    opsin = torch.tensor(_OPSIN, device=light.device)
    cones = (torch.einsum("ij,bjhw->bihw", opsin, light) + _BIAS).clamp_min(0)
    long, medium, short = (cones ** (1 / 3) - _BIAS ** (1 / 3)).unbind(1)
    x, y = (long - medium) / 2, (long + medium) / 2
    return torch.stack((x * 14 + 0.42, y + 0.01, short - y + 0.55), 1)


def halved(light: Tensor) -> Tensor:
    """Mean over 2 x 2; an odd last row or column is averaged alone."""
    return F.avg_pool2d(light, 2, ceil_mode=True, count_include_pad=False)


def blur(picture: Tensor) -> Tensor:
    """(B, C, H, W): Gaussian, sigma 1.5; zeros beyond left and right, mirrored above and below, as
    upstream."""
    out: Tensor = Blur.apply(picture)
    return out


@lru_cache(maxsize=1)
def bell() -> tuple[float, ...]:
    """Weights of a pixel and of those 1 to _RADIUS away; with both sides their sum is 1."""
    weights = [math.exp(-(away**2) / (2 * _SIGMA**2)) for away in range(_RADIUS + 1)]
    whole = 2 * sum(weights) - weights[0]
    return tuple(weight / whole for weight in weights)


class Blur(torch.autograd.Function):
    """Sums of shifted copies, with a gradient of the same kind: on a processor this is two to four
    times faster than products with a band matrix, and many times faster than a convolution."""

    @staticmethod
    def forward(ctx: object, picture: Tensor) -> Tensor:
        first = picture[:, :, :_RADIUS].flip(2)
        last = picture[:, :, -_RADIUS:].flip(2)
        tall = torch.cat((first, picture, last), 2)  # scipy's 'reflect' repeats the edge pixel
        return spread(spread(tall, 2), 3, _RADIUS)

    @staticmethod
    def backward(ctx: object, slope: Tensor) -> Tensor:
        height = slope.shape[2]
        tall = spread(spread(slope, 3, _RADIUS), 2, 2 * _RADIUS)
        picture = tall[:, :, _RADIUS : _RADIUS + height].clone()
        picture[:, :, :_RADIUS] += tall[:, :, :_RADIUS].flip(2)
        picture[:, :, -_RADIUS:] += tall[:, :, _RADIUS + height :].flip(2)
        return picture


def spread(picture: Tensor, along: int, margin: int = 0) -> Tensor:
    """The Gaussian along one axis, which gets `margin` zeros at both ends and loses _RADIUS there.

    In pairs from the middle outwards, since the bell is symmetric.
    """
    if margin:
        sides = (margin, margin) if along == 3 else (0, 0, margin, margin)
        picture = F.pad(picture, sides)
    length = picture.shape[along] - 2 * _RADIUS
    out = picture.narrow(along, _RADIUS, length) * bell()[0]
    for away, weight in enumerate(bell()[1:], 1):
        before, after = (picture.narrow(along, _RADIUS + at, length) for at in (-away, away))
        out.add_(before + after, alpha=weight)
    return out


def errors(a: Scale, b: Scale) -> Tensor:
    """(3, H, W, 3): for each channel, maps of the SSIM error, artefacts and lost detail."""
    varied = 2 * (blur(a.xyb * b.xyb) - a.mean * b.mean) + _C2
    spread = (a.square - a.mean**2) + (b.square - b.mean**2) + _C2
    ssim = (1 - (1 - (a.mean - b.mean) ** 2) * varied / spread).clamp_min(0)
    edge = (1 + (b.xyb - b.mean).abs()) / (1 + (a.xyb - a.mean).abs()) - 1
    return torch.stack((ssim, edge.clamp_min(0), (-edge).clamp_min(0)), -1)[0]
