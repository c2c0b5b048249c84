"""Low-rank factors of a tiny encoder's convolutions without training: an alternative to pruning.

Each 3x3 convolution 64 -> 64 becomes 1x1 (64 -> a), 3x3 (a -> b), 1x1 (b -> 64); ReLUs and skips
stay where they are.
The subspaces are balanced: those where activation *and* gradient of the attack's objective are
large (the truncation known from control theory), because the surrogate is wanted for its gradients.
"""

from __future__ import annotations

import torch
from glassine.surrogates.nets import slim
from torch import Tensor, nn
from torch.nn.grad import conv2d_input
from torch.utils.hooks import RemovableHandle

from .common import fast

Moments = dict[str, Tensor]
Space = tuple[Tensor, Tensor, Tensor, Tensor]
Spaces = dict[str, tuple[Space, Space]]


def rows_of(v: Tensor) -> Tensor:
    return v.detach().permute(0, 2, 3, 1).flatten(0, 2)


def moments(net: nn.Module, crops: list[Tensor]) -> dict[str, Moments]:
    """Per 3x3 convolution 64 -> 64: second moments (64,64) of input, output, gradients; means."""
    convs = {
        n: m
        for n, m in net.named_modules()
        if isinstance(m, nn.Conv2d) and m.kernel_size == (3, 3) and m.weight.shape[:2] == (64, 64)
    }
    live: dict[str, tuple[Tensor, Tensor]] = {}
    out: dict[str, Moments] = {n: {} for n in convs}

    def watched(name: str, module: nn.Module) -> RemovableHandle:
        def hook(_: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> None:
            live[name] = (given[0], result)

        return module.register_forward_hook(hook)

    hooks = [watched(n, m) for n, m in convs.items()]
    for x in crops:
        z = net(x.clone().requires_grad_(True))
        # roll: the other pictures of the batch are the targets
        loss = (z - z.detach().roll(1, 0)).square().sum()
        grads = torch.autograd.grad(loss, [live[n][1] for n in convs])
        for (n, m), g in zip(convs.items(), grads, strict=True):
            into, result = live[n]
            gin = conv2d_input(  # type: ignore[no-untyped-call]
                into.shape, m.weight, g, m.stride, m.padding
            )
            for key, v in (("x", into), ("gx", gin), ("y", result), ("gy", g)):
                v = rows_of(v)
                add(out[n], key, v.T @ v)
                if key in "xy":
                    add(out[n], key + "mean", v.sum(0))
                    add(out[n], key + "count", torch.tensor(len(v)))
    for h in hooks:
        h.remove()
    return out


def add(sums: Moments, key: str, value: Tensor) -> None:
    sums[key] = sums[key] + value if key in sums else value


def _root(m: Tensor) -> Tensor:
    m = m.double() + 1e-6 * m.diagonal().mean() * torch.eye(len(m), dtype=torch.double)
    w, v = torch.linalg.eigh(m)
    scaled: Tensor = v * w.clamp_min(0).sqrt()
    return scaled


def subspace(m: Moments, side: str) -> Space:
    """(A (64,64), B (64,64), s (64,), mean (64,)): B reads balanced coordinates, A writes them."""
    mean = m[side + "mean"] / m[side + "count"]
    centred = m[side] / m[side + "count"] - torch.outer(mean, mean)
    lx, lg = _root(centred), _root(m["g" + side] / m[side + "count"])
    u, s, vt = torch.linalg.svd(lg.T @ lx)
    scale = s.clamp_min(1e-12).rsqrt()
    write, read = lx @ vt.T * scale, scale[:, None] * (u.T @ lg.T)
    return write.float(), read.float(), s.float(), mean


def uniform(found: Spaces, per_stage: tuple[int, int, int, int]) -> dict[str, tuple[int, int]]:
    """The same rank on both sides of every convolution of a stage (greedy was no better: README).

    The three strided convolutions stay whole: they cost 5 %, and SDXL's gradient does not survive
    thinning them.
    """

    def stage(n: str) -> int:
        return sum(int(n.split(".")[0]) >= i for i in slim.STRIDED)

    return {n: (per_stage[stage(n)],) * 2 if "." in n else (64, 64) for n in found}


def factored(net: nn.Module, found: Spaces, chosen: dict[str, tuple[int, int]]) -> nn.Module:
    """The thinned branch; the bias keeps means exactly (except at the border, padded with 0)."""
    state = slim.written(net)
    for n, (a, b) in chosen.items():
        w = state.pop(f"{n}.weight")
        bias = state.pop(f"{n}.bias", torch.zeros(64))
        (ax, bx, _, xmean), (ay, by, _, ymean) = found[n]
        if a < 64:
            core = torch.einsum("oihw,ir->orhw", w, ax[:, :a])
            rest = w.sum((2, 3)) @ (xmean - ax[:, :a] @ (bx[:a] @ xmean))
            state[f"{n}.0.weight"] = bx[:a, :, None, None].clone()
        else:
            core, rest = w, torch.zeros(64)
        if b < 64:
            mid = ymean - bias  # the linear part's mean
            core = torch.einsum("ro,oihw->rihw", by[:b], core)
            p = ay[:, :b] @ by[:b]
            state[f"{n}.2.weight"] = ay[:, :b, None, None]
            state[f"{n}.2.bias"] = p @ rest + mid - p @ mid + bias
        if a == 64 and b == 64:
            state[f"{n}.weight"] = w
            if bias.any():
                state[f"{n}.bias"] = bias
            continue
        if a < 64:  # outer factors get rows of length 1, so that one learning rate fits all
            size = state[f"{n}.0.weight"].flatten(1).norm(dim=1)
            state[f"{n}.0.weight"] /= size.view(-1, 1, 1, 1)
            core = core * size.view(1, -1, 1, 1)
        if b < 64:
            size = state[f"{n}.2.weight"].flatten(1).norm(dim=0)
            state[f"{n}.2.weight"] = state[f"{n}.2.weight"] / size.view(1, -1, 1, 1)
            core = core * size.view(-1, 1, 1, 1)
        state[f"{n}.1.weight"] = core
        if b == 64:
            state[f"{n}.1.bias"] = rest + bias
    return fast(slim.encoder(state))


def compress(
    net: nn.Module, crops: list[Tensor], per_stage: tuple[int, int, int, int]
) -> nn.Module:
    """A branch whose 3x3 convolutions have these ranks at 1, 1/2, 1/4 and 1/8 of the size."""
    found = {n: (subspace(m, "x"), subspace(m, "y")) for n, m in moments(net, crops).items()}
    return factored(net, found, uniform(found, per_stage))


def cost(net: nn.Module) -> float:
    """Multiply-adds per input pixel (strided convolutions whole, as `uniform` leaves them)."""
    total, scale = 0.0, 1.0
    for name, child in net.named_children():
        scale /= 4 if int(name) in slim.STRIDED else 1
        total += scale * sum(p.numel() for p in child.parameters() if p.dim() > 1)
    return total
