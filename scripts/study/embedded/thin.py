"""Structured pruning of a tiny encoder without training: the start of every embedded branch.

Channels are removed, never rotated (ReLU). Which: those whose activation times gradient of the attack's own
objective is small. What they carried is regressed on the channels that stay and folded into the next convolution.
"""
import re

import torch

from common import fast, slim

STAGES = ((0, 1), (2, 3, 4, 5), (6, 7, 8, 9), (10, 11, 12, 13))  # layers whose output is a stage's residual stream


def _index(layers, i: int):
    return dict(layers.named_children()).get(str(i))


def record(net, crops: list[torch.Tensor]) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
    """Every residual stream and inner activation: name -> (values (N,C), importance (C,)) over the crops."""
    kept: dict[str, list] = {}
    score: dict[str, torch.Tensor] = {}
    live: dict[str, torch.Tensor] = {}

    def watch(name):
        def hook(_, __, out):
            live[name] = out
        return hook
    hooks = []
    for name, child in net.named_children():
        hooks.append(child.register_forward_hook(watch(name)))
        if hasattr(child, "conv"):
            hooks += [child.conv[i].register_forward_hook(watch(f"{name}.conv.{i}")) for i in (1, 3)]
    generator = torch.Generator().manual_seed(0)
    for x in crops:
        x = x.clone().requires_grad_(True)
        z = net(x)
        loss = (z - z.detach().roll(1, 0)).square().sum()
        grads = torch.autograd.grad(loss, list(live.values()))
        for (name, value), g in zip(live.items(), grads):
            flat = value.detach().permute(0, 2, 3, 1).flatten(0, 2)
            part = (flat * g.permute(0, 2, 3, 1).flatten(0, 2)).square().sum(0) / g.square().sum()
            score[name] = score.get(name, 0) + part
            rows = torch.randint(len(flat), (min(len(flat), 1500),), generator=generator)
            kept.setdefault(name, []).append(flat[rows])
    for h in hooks:
        h.remove()
    return {name: (torch.cat(v), score[name]) for name, v in kept.items()}


def _fold(weight, bias, values, keep):
    """Consumer weights on the kept channels, with the dropped ones' linear prediction from them added."""
    drop = [c for c in range(values.shape[1]) if c not in set(keep.tolist())]
    if not drop:
        return weight, bias
    a = torch.cat([values[:, keep], torch.ones(len(values), 1)], 1).double()
    b = values[:, drop].double()
    ridge = 1e-3 * a.square().mean() * len(a) * torch.eye(a.shape[1], dtype=a.dtype)
    r = torch.linalg.solve(a.T @ a + ridge, a.T @ b).float()
    folded = weight[:, keep] + torch.einsum("odhw,kd->okhw", weight[:, drop], r[:-1])
    if bias is not None:
        bias = bias + torch.einsum("odhw,d->o", weight[:, drop], r[-1])
    return folded, bias


def thin(net, crops, streams=(32, 32, 64, 64), inner=(16, 16, 32, 64), drop=()) -> torch.nn.Module:
    """A narrower copy: widths of the residual stream and inside the blocks, per stage; `drop` names blocks to skip."""
    state = {k: v.clone() for k, v in net.state_dict().items()}
    seen = record(net, crops)
    best = lambda score, n: score.topk(min(n, len(score))).indices.sort().values
    stage = {layer: s for s, layers in enumerate(STAGES) for layer in layers}
    lane = []
    for s, layers in enumerate(STAGES):
        total = sum(seen[str(i)][1] / seen[str(i)][1].sum() for i in layers)
        lane.append(best(total, streams[s]))

    def consume(key, values, keep):
        state[f"{key}.weight"], bias = _fold(state[f"{key}.weight"], state.get(f"{key}.bias"), values, keep)
        if bias is not None:
            state[f"{key}.bias"] = bias

    def produce(key, keep):
        for k in (f"{key}.weight", f"{key}.bias"):
            if k in state:
                state[k] = state[k][keep]
    for i in range(1, slim.LAST + 1):  # consumers of the stream that layer i - 1 puts out
        values, keep = seen[str(i - 1)][0], lane[stage[i - 1]]
        if f"{i}.pool.0.weight" in state and len(keep) < 64:
            consume(f"{i}.pool.0", values, keep)
            state[f"{i}.pool.3.weight"] = state[f"{i}.pool.3.weight"][keep]
        consume(f"{i}.conv.0" if f"{i}.conv.0.weight" in state else str(i), values, keep)
    for i, s in stage.items():  # producers, then the chains inside
        key = f"{i}.conv.4" if f"{i}.conv.4.weight" in state else str(i)
        produce(key, lane[s])
        if key != str(i):
            for relu, maker, taker in ((1, 0, 2), (3, 2, 4)):
                values, score = seen[f"{i}.conv.{relu}"]
                keep = best(score, inner[s])
                consume(f"{i}.conv.{taker}", values, keep)
                produce(f"{i}.conv.{maker}", keep)
    return fast(slim.encoder({k: v for k, v in state.items() if int(re.match(r"\d+", k)[0]) not in drop}))


def cost(net) -> float:
    """Multiply-adds per input pixel."""
    total, scale = 0.0, 1.0
    for name, child in net.named_children():
        scale /= 4 if int(name) in slim.STRIDED else 1
        total += scale * sum(m.weight.numel() for m in child.modules() if isinstance(m, torch.nn.Conv2d))
    return total
