"""After thinning: every convolution in turn is fitted, in closed form, to the teacher's output.

A layer's input is the output of the thinned layers before it, so it also corrects their errors. The
ridge pulls towards the present weights, not towards 0: a plain fit would drop directions of small
variance that the gradient needs.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial
from typing import Any

import torch
import torch.nn.functional as F
from glassine.surrogates.nets.slim import Block
from torch import Generator, Tensor, nn

from .factor import rows_of


def _mend(conv: nn.Module, given: list[Tensor], wanted: list[Tensor], ridge: float) -> None:
    """Adds the ridge solution of wanted (N,O) = given (N,I) @ change + constant."""
    a = torch.cat(given)
    a = torch.cat([a, torch.ones(len(a), 1)], 1).double()
    gram, right = a.T @ a / len(a), a.T @ torch.cat(wanted).double() / len(a)
    weight = ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
    change = torch.linalg.solve(gram + weight, right).float()
    conv.weight.data += change[:-1].T.reshape(conv.weight.shape)
    if conv.bias is None:
        conv.bias = nn.Parameter(torch.zeros(len(conv.weight)))
    conv.bias.data += change[-1]


def _some(generator: Generator, *rows: Tensor, most: int = 2500) -> list[Tensor]:
    pick = torch.randperm(len(rows[0]), generator=generator)[:most]
    return [r[pick] for r in rows]


def _mended(
    net: nn.Module,
    pairs: list[Any],
    target: Callable[..., Tensor],
    ridge: float,
    generator: Generator,
) -> None:
    """Fits the last convolution of `net` so that net(a) comes close to target(a, b, a0, b0)."""
    last = net[-1] if isinstance(net, nn.Sequential) else net
    given, wanted = [], []
    for pair in pairs:
        middle = net[:-1](pair[0]) if isinstance(net, nn.Sequential) else pair[0]
        seen = rows_of(middle)
        if isinstance(last, nn.Conv2d):  # the 1x1s are matrix products
            seen = F.unfold(middle, 3, padding=1, stride=last.stride).transpose(1, 2).flatten(0, 1)
        g, w = _some(generator, seen, rows_of(target(*pair) - last(middle)))
        given.append(g)
        wanted.append(w)
    _mend(last, given, wanted, ridge)


def _same(v: Tensor) -> Tensor:
    return v


def _wanted(
    whole: nn.Module,
    few: Tensor | slice,
    last: bool,
    _: Tensor,
    b: Tensor,
    a0: Tensor,
    b0: Tensor,
) -> Tensor:
    """The teacher's output on the channels that stay; the last convolution of a block also corrects
    the error of its skip connection."""
    out: Tensor = whole(b)[:, few]
    return out + (b0 - a0) if last else out


@torch.no_grad()
def refit(
    net: nn.Module,
    real: nn.Module,
    crops: list[Tensor],
    kept: dict[str, Tensor] | None = None,
    ridge: float = 1e-2,
) -> nn.Module:
    """The branch with its convolutions (of factored ones the last part) refitted on crops.

    crops: (B,3,h,w)

    kept: for a pruned branch, the teacher's channels that each convolution still gives.
    """
    net, generator, kept = copy.deepcopy(net), Generator().manual_seed(0), kept or {}
    pairs = [(x, x) for x in crops]  # values in the branch and in the teacher, layer by layer
    for name, child in net.named_children():
        true = dict(real.named_children())[name]
        if not (isinstance(child, Block) and isinstance(true, Block)):
            if name != "0":
                _mended(child, pairs, lambda a, b, true=true: true(b), ridge, generator)
            pairs = [(child(a), true(b)) for a, b in pairs]
            continue
        if child.pool is not None and true.pool is not None:
            pairs = [(a + child.pool(a), b + true.pool(b)) for a, b in pairs]
        now = [(a, b, a, b) for a, b in pairs]  # the last two: values that entered the block
        for i in (0, 2, 4):
            few = kept.get(f"{name}.conv.{i}", slice(None))

            own, whole = child.conv[i], true.conv[i]
            _mended(own, now, partial(_wanted, whole, few, i == 4), ridge, generator)
            after = _same if i == 4 else torch.relu
            now = [(after(own(a)), after(whole(b)), a0, b0) for a, b, a0, b0 in now]
        pairs = [((a + a0).relu(), (b + b0).relu()) for a, b, a0, b0 in now]
    return net
