"""What the embedded surrogate's studies share: teachers, pictures, attack and measures.

Pictures are float32 (B,3,H,W) in [0,1]; latents are in each teacher's own units.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from glassine.explore.canvas import CELL
from glassine.explore.walk import sized
from glassine.flow.recipes import RECIPES
from glassine.flow.settle import MOST
from glassine.flow.strength import scaled_to
from glassine.machine import bytewise
from glassine.surrogates.nets import slim
from glassine.surrogates.nets.backward import CUT, gradient_twin
from glassine.units import Score
from glassine.visibility import ssimulacra2 as judged
from glassine.visibility import texture_allowance
from PIL import Image
from safetensors.torch import load_file
from torch import Tensor, nn

from ...places import SHARED

Nets = dict[str, nn.Module]
"""Family -> its encoder, the real one or an imitation: (B,3,H,W) in [0,1] to latents."""

FAMILIES = {"sd15": "taesd", "sdxl": "taesdxl", "sd3": "taesd3", "flux1": "taef1", "flux2": "taef2"}
CLOAK = RECIPES["cloak"]
AMONG = 8.0
"""Root mean squares at which gradients are clipped in steps on several families at once."""


def allowance(x: Tensor) -> Tensor:
    """(1,1,H,W): the engine's texture allowance of a picture (1,3,H,W)."""
    return texture_allowance(x[0])[None]


def fast(net: nn.Module) -> nn.Module:
    return net.eval().requires_grad_(False).to(memory_format=torch.channels_last)


def walking(net: nn.Module, alone: bool = True) -> nn.Module:
    """The network as the engine's steps use it: with clipped gradients, and computed in bytes where
    this processor is faster with them."""
    return fast(gradient_twin(net, CUT if alone else AMONG, bytewise.usable()))


def teacher(family: str) -> nn.Module:
    """The real encoder, (B,3,H,W) in [0,1] to latents; float32 (bfloat16 is slower here)."""
    state = load_file(
        next((SHARED / "models" / FAMILIES[family]).glob("*encoder.safetensors"), None)
        or next((SHARED / "models" / FAMILIES[family]).glob("*.safetensors"))
    )
    state = {
        k.removeprefix("encoder.layers."): v.float()
        for k, v in state.items()
        if not k.startswith("decoder")
    }
    return fast(slim.encoder(state))


def teachers() -> Nets:
    return {family: teacher(family) for family in FAMILIES}


def picture(path: Path | str, size: int) -> Tensor:
    """(1,3,size,size): centre square, LANCZOS, over white where transparent."""
    image = Image.open(path).convert("RGBA")
    image = Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    w, h = image.size
    s = min(w, h)
    box = ((w - s) // 2, (h - s) // 2, (w - s) // 2 + s, (h - s) // 2 + s)
    image = image.resize((size, size), Image.Resampling.LANCZOS, box=box)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def closing(real: Nets, x: Tensor, t: Tensor) -> Callable[[Tensor], dict[str, float]]:
    """y -> share of the latent gap from x to the target t that y closes, per encoder."""

    def see(encode: nn.Module, v: Tensor) -> Tensor:
        with torch.no_grad():
            z: Tensor = encode(v.contiguous(memory_format=torch.channels_last))
            return z

    ends = {k: (see(n, x), see(n, t)) for k, n in real.items()}

    def closed(y: Tensor) -> dict[str, float]:
        return {
            k: 1 - ((see(real[k], y) - zt).norm() / (z - zt).norm()).item()
            for k, (z, zt) in ends.items()
        }

    return closed


def eight_bit(x: Tensor) -> Tensor:
    return (x.clamp(0, 1) * 255).round() / 255


def ssimulacra2(x: Tensor, y: Tensor) -> float:
    """Of two pictures (1,3,H,W), by the engine's twin of the published program."""
    return float(judged(x[0], y[0]))


def scaled(x: Tensor, d: Tensor, score: float = 70.0) -> Tensor:
    """x + a*d as 8-bit values, a such that SSIMULACRA2 is `score`, found as the engine finds it."""
    unit = d * (
        0.02 / d.square().mean().sqrt()
    )  # of a blend a few percent are used, of sign steps nearly all
    factor = scaled_to(Score(score), lambda a: Score(ssimulacra2(x, eight_bit(x + a * unit))), MOST)
    return eight_bit(x + factor * unit)


def pull(nets: Nets, x: Tensor, t: Tensor) -> Callable[..., dict[str, Tensor]]:
    """y -> gradient of every family's squared distance to the target, scaled to mean |g| 1."""
    with torch.no_grad():
        goals = {k: (n(x), n(t)) for k, n in nets.items()}

    def gradient(y: Tensor, only: list[str] | None = None) -> dict[str, Tensor]:
        out = {}
        for k in only or nets:
            z, zt = goals[k]
            v = y.detach().clone(memory_format=torch.channels_last).requires_grad_(True)
            loss = (nets[k](v) - zt).square().mean() / (z - zt).square().mean()
            (g,) = torch.autograd.grad(loss, v)
            out[k] = g / g.abs().mean().clamp_min(1e-20)
        return out

    return gradient


def attack(
    nets: Nets,
    x: Tensor,
    t: Tensor,
    steps: int = 10,
    eps: float = 8 / 255,
    draw: int = 0,
    turns: tuple[str, ...] = (),
    colour: tuple[float, float, float] = CLOAK.colour,
    tint: float = CLOAK.tint,
    texture: bool = True,
    start: Tensor | None = None,
) -> Tensor:
    """The perturbation made by sign steps like the engine's, on the sum of normalised gradients.

    draw     families per step, each in turn; 0 = all
    turns    whose turn it is, for draw > 0; empty = each family once a round
    colour   share of eps for red, green and blue
    tint     share of the target's colours, smooth over CELL pixels, that it begins with
    texture  the engine's texture allowance instead of the same reach everywhere
    start    a perturbation to start from (then steps begin at a third of eps)
    """
    clean, x = x, (x + tint * smooth(t - x)).clamp(0, 1)
    gradient = pull(nets, x, t)
    names = [k for k in turns if k in nets] or list(nets)
    limit = (
        eps
        * torch.tensor(colour).view(1, 3, 1, 1)
        * (allowance(clean) if texture else torch.ones_like(x))
    )
    d = torch.zeros_like(x) if start is None else start + clean - x
    for i in range(steps):
        only = [names[(i * draw + j) % len(names)] for j in range(draw)] or list(nets)
        g = reduce(torch.add, gradient(x + d, only).values())
        pace = (1 if start is None else 1 / 3) * (1 - i / steps)
        d = torch.maximum(torch.minimum(d - pace * limit * sized(g), limit), -limit)
        d = (x + d).clamp(0, 1) - x
    return d + x - clean


def smooth(x: Tensor) -> Tensor:
    """(B, 3, H, W) without what is finer than CELL pixels, as the engine's tint is."""
    height, width = (-(-side // CELL) for side in x.shape[2:])
    means = F.adaptive_avg_pool2d(x, (height, width))
    return F.interpolate(means, x.shape[2:], mode="bilinear")


def paintings() -> list[Path]:
    return sorted((SHARED / "art").glob("*.png"))
