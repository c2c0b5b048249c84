"""After thinning: every convolution in turn is fitted, in closed form, to what the teacher's gives.

Each layer sees what the thinned layers before it give, so it also mends their errors. The ridge
pulls towards the
present weights, not towards 0: a plain fit would drop the quiet directions that the gradient needs.
"""

import copy

import torch
import torch.nn.functional as F
from torch import nn

from .factor import _rows


def _mend(
    conv: nn.Module, given: list[torch.Tensor], wanted: list[torch.Tensor], ridge: float
) -> None:
    """Add the ridge solution of wanted (N,O) = given (N,I) @ change + constant."""
    a = torch.cat(given)
    a = torch.cat([a, torch.ones(len(a), 1)], 1).double()
    gram, right = a.T @ a / len(a), a.T @ torch.cat(wanted).double() / len(a)
    weight = ridge * gram.diagonal().mean() * torch.eye(len(gram), dtype=torch.double)
    change = torch.linalg.solve(gram + weight, right).float()
    conv.weight.data += change[:-1].T.reshape(conv.weight.shape)
    if conv.bias is None:
        conv.bias = nn.Parameter(torch.zeros(len(conv.weight)))
    conv.bias.data += change[-1]


def _some(generator, *rows: torch.Tensor, most: int = 2500) -> list[torch.Tensor]:
    pick = torch.randperm(len(rows[0]), generator=generator)[:most]
    return [r[pick] for r in rows]


def _mended(net, pairs, target, ridge: float, generator) -> None:
    """Fit the last convolution of `net` so that net(a) comes close to target(a, b, a0, b0)."""
    last = net[-1] if isinstance(net, nn.Sequential) else net
    given, wanted = [], []
    for pair in pairs:
        middle = net[:-1](pair[0]) if isinstance(net, nn.Sequential) else pair[0]
        seen = _rows(middle)
        if isinstance(last, nn.Conv2d):  # the 1x1s are matrix products
            seen = F.unfold(middle, 3, padding=1, stride=last.stride).transpose(1, 2).flatten(0, 1)
        g, w = _some(generator, seen, _rows(target(*pair) - last(middle)))
        given.append(g)
        wanted.append(w)
    _mend(last, given, wanted, ridge)


@torch.no_grad()
def refit(
    net: nn.Module,
    real: nn.Module,
    crops: list[torch.Tensor],
    kept: dict[str, torch.Tensor] | None = None,
    ridge: float = 1e-2,
) -> nn.Module:
    """The branch with its convolutions (factored: the last part) mended on crops (B,3,h,w).

    kept: of a pruned branch, the teacher's channels that a convolution still puts out.
    """
    net, generator, kept = copy.deepcopy(net), torch.Generator().manual_seed(0), kept or {}
    pairs = [(x, x) for x in crops]  # what the branch has and what the teacher has, layer by layer
    for name, child in net.named_children():
        true = dict(real.named_children())[name]
        if not hasattr(child, "conv"):
            if name != "0":
                _mended(child, pairs, lambda a, b, true=true: true(b), ridge, generator)
            pairs = [(child(a), true(b)) for a, b in pairs]
            continue
        if child.pool is not None:
            pairs = [(a + child.pool(a), b + true.pool(b)) for a, b in pairs]
        now = [(a, b, a, b) for a, b in pairs]  # and what entered the block
        for i in (0, 2, 4):
            few = kept.get(f"{name}.conv.{i}", slice(None))

            def target(_, b, a0, b0, whole=true.conv[i], few=few, last=i == 4):
                # the last convolution can also mend what the skip brings
                return whole(b)[:, few] + (b0 - a0 if last else 0)

            _mended(child.conv[i], now, target, ridge, generator)
            after = (lambda v: v) if i == 4 else torch.relu
            now = [
                (after(child.conv[i](a)), after(true.conv[i](b)), a0, b0) for a, b, a0, b0 in now
            ]
        pairs = [((a + a0).relu(), (b + b0).relu()) for a, b, a0, b0 in now]
    return net
