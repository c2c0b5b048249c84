"""LPIPS v0.1 on SqueezeNet 1.1 (Zhang et al., 2018), by its makers' package `lpips`.

The linear layers come with the package (BSD-2). The trunk ships beside this file: torchvision's
weights (BSD-3) in float16, with which the distance stays the same to four digits.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file
from torch import Tensor

from .packages import quiet, unfit

TRUNK = Path(__file__).parent / "weights" / "squeezenet1_1.safetensors"
SMALLEST = 32  # pixels; below it the last pooling has nothing left


def lpips_distance() -> Callable[[Tensor, Tensor], Tensor] | None:
    """(3, H, W) in [0, 1], twice -> scalar, differentiable; None where `unfit` says why."""
    if unfit():
        return None

    def apart(one: Tensor, other: Tensor) -> Tensor:
        net = lpips_net(one.device)
        distance: Tensor = net(one.float()[None], other.float()[None], normalize=True)
        return distance.squeeze()

    return apart


@lru_cache(maxsize=2)
def lpips_net(device: torch.device) -> Any:  # noqa: ANN401 - a package without types
    """The package's `LPIPS`: `net` is its trunk, `scaling_layer` wants pictures in [-1, 1]."""
    with quiet(), torch.random.fork_rng(devices=[]):  # the trunk is drawn before it is loaded
        made = import_module("lpips").LPIPS(net="squeeze", pnet_rand=True, verbose=False)
    trunk = load_file(TRUNK)
    named = {inside: inside.split(".", 1)[1] for inside in made.net.state_dict()}  # sliceN.NAME
    made.net.load_state_dict({inside: trunk[name].float() for inside, name in named.items()})
    return made.requires_grad_(False).to(device)
