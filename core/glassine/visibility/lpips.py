"""LPIPS v0.1 (Zhang et al., 2018), by its makers' package `lpips`, on one of two trunks.

The linear layers come with the package (BSD-2). SqueezeNet 1.1's trunk ships beside this file:
torchvision's weights (BSD-3) in float16, with which the distance stays the same to four digits.
Every limit is one of its figures. AlexNet's, on which most publish, is there once it was asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from importlib import import_module
from pathlib import Path
from pickle import UnpicklingError
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from ..errors import WeightsMissing, reason_of
from ..machine.weights import ALEXNET, ALEXNET_FILE, present, verified_folder
from .packages import quiet, unfit

TRUNK = Path(__file__).parent / "weights" / "squeezenet1_1.safetensors"
SQUEEZE, ALEX = "squeeze", "alex"  # trunks, as the package calls them
SMALLEST = 32  # pixels; below it the last pooling has nothing left
SMALLEST_ALEX = 63
_KEPT = "alexnet.safetensors"


def alexnet_is_here() -> bool:
    """Whether `glassine models get alexnet` was asked for."""
    return present(ALEXNET)


def lpips_distance(trunk: str = SQUEEZE) -> Callable[[Tensor, Tensor], Tensor] | None:
    """(3, H, W) in [0, 1], twice -> scalar, differentiable; None where `unfit` says why."""
    if unfit():
        return None

    def apart(one: Tensor, other: Tensor) -> Tensor:
        net = lpips_net(one.device, trunk)
        distance: Tensor = net(one.float()[None], other.float()[None], normalize=True)
        return distance.squeeze()

    return apart


@lru_cache(maxsize=4)
def lpips_net(device: torch.device, trunk: str = SQUEEZE) -> Any:  # noqa: ANN401 - no types
    """The package's `LPIPS`: `net` is its trunk, `scaling_layer` wants pictures in [-1, 1]."""
    file = TRUNK if trunk == SQUEEZE else verified_folder(ALEXNET) / _KEPT
    return with_trunk(trunk, load_file(file)).to(device)


def with_trunk(trunk: str, weights: Mapping[str, Tensor]) -> Any:  # noqa: ANN401 - no types
    """weights  as torchvision names those of `features`"""
    with quiet(), torch.random.fork_rng(devices=[]):  # the trunk is drawn before it is loaded
        made = import_module("lpips").LPIPS(net=trunk, pnet_rand=True, verbose=False)
    named = {inside: inside.split(".", 1)[1] for inside in made.net.state_dict()}  # sliceN.NAME
    made.net.load_state_dict({inside: weights[name].float() for inside, name in named.items()})
    return made.requires_grad_(False)


def keep_alexnet(folder: Path) -> None:
    """Of the published file in `folder` keeps the trunk, a twenty-fifth; raises WeightsMissing."""
    whole, kept = folder / ALEXNET_FILE.file, folder / _KEPT
    try:
        if whole.is_file():
            save_file(trunk_of(torch.load(whole, map_location="cpu", weights_only=True)), kept)
            whole.unlink()
        if not unfit():
            with_trunk(ALEX, load_file(kept))
    except (OSError, RuntimeError, KeyError, EOFError, UnpicklingError) as error:
        raise WeightsMissing(
            "weights.unreadable", name=ALEXNET, place=folder, reason=reason_of(error, "damaged")
        ) from error


def trunk_of(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """What LPIPS uses of torchvision's AlexNet: its convolutions, under their numbers."""
    start = "features."
    return {name.removeprefix(start): w for name, w in state.items() if name.startswith(start)}
