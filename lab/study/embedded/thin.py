"""Structured pruning of a tiny encoder without training: the start of every pruned branch.

Channels are removed, not rotated, because of the ReLUs: those whose activation times gradient of
the attack's own objective is small. Their values are predicted from the channels that stay, by
regression, and that prediction is folded into the next convolution.
"""

from __future__ import annotations

import torch
from glassine.surrogates.nets import slim
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from .common import fast

STAGES = (
    (0, 1),
    (2, 3, 4, 5),
    (6, 7, 8, 9),
    (10, 11, 12, 13),
)  # layers whose output is a stage's residual stream


def record(net: nn.Module, crops: list[Tensor]) -> dict[str, tuple[Tensor, Tensor]]:
    """Residual streams and inner activations: name -> (values (N,C), importance (C,))."""
    kept: dict[str, list[Tensor]] = {}
    score: dict[str, Tensor] = {}
    live: dict[str, Tensor] = {}

    def watched(name: str, module: nn.Module) -> RemovableHandle:
        def hook(_: nn.Module, __: tuple[Tensor, ...], out: Tensor) -> None:
            live[name] = out

        return module.register_forward_hook(hook)

    hooks = []
    for name, child in net.named_children():
        hooks.append(watched(name, child))
        if isinstance(child, slim.Block):
            hooks += [watched(f"{name}.conv.{i}", child.conv[i]) for i in (1, 3)]
    generator = torch.Generator().manual_seed(0)
    for x in crops:
        x = x.clone().requires_grad_(True)
        z = net(x)
        loss = (z - z.detach().roll(1, 0)).square().sum()
        grads = torch.autograd.grad(loss, list(live.values()))
        for (name, value), g in zip(live.items(), grads, strict=True):
            flat = value.detach().permute(0, 2, 3, 1).flatten(0, 2)
            part = (flat * g.permute(0, 2, 3, 1).flatten(0, 2)).square().sum(0) / g.square().sum()
            score[name] = score[name] + part if name in score else part
            rows = torch.randint(len(flat), (min(len(flat), 1500),), generator=generator)
            kept.setdefault(name, []).append(flat[rows])
    for h in hooks:
        h.remove()
    return {name: (torch.cat(v), score[name]) for name, v in kept.items()}


def _fold(weight: Tensor, bias: Tensor, values: Tensor, keep: Tensor) -> tuple[Tensor, Tensor]:
    """Weights and bias of the next convolution on the kept channels, which also contribute their
    prediction of the dropped ones."""
    drop = [c for c in range(values.shape[1]) if c not in set(keep.tolist())]
    if not drop:
        return weight, bias
    a = torch.cat([values[:, keep], torch.ones(len(values), 1)], 1).double()
    b = values[:, drop].double()
    ridge = 1e-3 * a.square().mean() * len(a) * torch.eye(a.shape[1], dtype=a.dtype)
    r = torch.linalg.solve(a.T @ a + ridge, a.T @ b).float()
    folded = weight[:, keep] + torch.einsum("odhw,kd->okhw", weight[:, drop], r[:-1])
    return folded, bias + torch.einsum("odhw,d->o", weight[:, drop], r[-1])


def thin(
    net: nn.Module, crops: list[Tensor], inner: tuple[int, int, int, int]
) -> tuple[nn.Module, dict[str, Tensor]]:
    """A copy with fewer channels inside the blocks, and which channels each convolution kept.

    The residual streams keep their 64: cutting them cost far more of the gradient (README).
    """
    state = slim.written(net)
    seen, kept = record(net, crops), {}
    for stage, layers in enumerate(STAGES):
        for i in layers:
            for relu, maker, taker in (
                (1, f"{i}.conv.0", f"{i}.conv.2"),
                (3, f"{i}.conv.2", f"{i}.conv.4"),
            ):
                if f"{maker}.weight" not in state:
                    continue
                values, score = seen[f"{i}.conv.{relu}"]
                keep = score.topk(inner[stage]).indices.sort().values
                weight, bias = f"{taker}.weight", f"{taker}.bias"
                state[weight], state[bias] = _fold(state[weight], state[bias], values, keep)
                for part in ("weight", "bias"):
                    state[f"{maker}.{part}"] = state[f"{maker}.{part}"][keep]
                kept[maker] = keep
    return fast(slim.encoder(state)), kept
