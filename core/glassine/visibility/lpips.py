"""LPIPS v0.1 (Zhang et al., 2018), by its makers' package `lpips`, on one of two trunks.

The linear layers come with the package (BSD-2). SqueezeNet 1.1's trunk ships beside this file:
torchvision's weights (BSD-3) in float16, which changes no distance in its first four digits. All of
Glassine's limits are in distances on SqueezeNet. AlexNet's trunk, which most papers use, is there
once `glassine models get alexnet` has fetched it.
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
SMALLEST = 32  # pixels; of a smaller picture nothing is left for SqueezeNet's last pooling
SMALLEST_ALEX = 63  # the same for AlexNet
_KEPT = "alexnet.safetensors"
_STRIP = 1 << 20  # numbers of a layer


def alexnet_is_here() -> bool:
    """Whether `glassine models get alexnet` has fetched AlexNet's trunk."""
    return present(ALEXNET)


def lpips_distance(trunk: str = SQUEEZE) -> Callable[[Tensor, Tensor], Tensor] | None:
    """A function of two pictures (3, H, W) in [0, 1] -> scalar, differentiable.

    None where `unfit` gives a reason.
    """
    if unfit():
        return None

    def apart(one: Tensor, other: Tensor) -> Tensor:
        return distance(lpips_net(one.device, trunk), one.float()[None], other.float()[None])

    return apart


def distance(net: Any, one: Tensor, other: Tensor) -> Tensor:  # noqa: ANN401 - no types
    """What the package's `LPIPS.forward` gives of two (1, 3, H, W) in [0, 1], to the last bit.

    Layer by layer, and what compares two layers in strips of rows: for a megapixel that takes a
    third of the memory. The package first keeps all layers of both pictures.
    """
    alike = import_module("lpips").normalize_tensor
    here, there = (net.scaling_layer(2 * rgb - 1) for rgb in (one, other))
    total = torch.zeros((), device=one.device)
    for number, weigh in enumerate(net.lins, 1):
        layer = getattr(net.net, f"slice{number}")
        here, there = layer(here), layer(there)
        rows = max(1, _STRIP // here[0, :, 0].numel())
        strips = zip(here.split(rows, 2), there.split(rows, 2), strict=True)
        total = total + torch.cat([weigh((alike(a) - alike(b)) ** 2) for a, b in strips], 2).mean()
    return total


@lru_cache(maxsize=4)
def lpips_net(device: torch.device, trunk: str = SQUEEZE) -> Any:  # noqa: ANN401 - no types
    """The package's `LPIPS` network: its `net` is the trunk, its `scaling_layer` takes [-1, 1]."""
    file = TRUNK if trunk == SQUEEZE else verified_folder(ALEXNET) / _KEPT
    return with_trunk(trunk, load_file(file)).to(device)


def with_trunk(trunk: str, weights: Mapping[str, Tensor]) -> Any:  # noqa: ANN401 - no types
    """The network with those weights in its trunk.

    weights  by torchvision's names in `features`, such as "0.weight"
    """
    with quiet(), torch.random.fork_rng(devices=[]):  # the package first fills the trunk at random
        made = import_module("lpips").LPIPS(net=trunk, pnet_rand=True, verbose=False)
    named = {inside: inside.split(".", 1)[1] for inside in made.net.state_dict()}  # sliceN.NAME
    made.net.load_state_dict({inside: weights[name].float() for inside, name in named.items()})
    return made.requires_grad_(False)


def keep_alexnet(folder: Path) -> None:
    """Replaces the published file in `folder` by its trunk, a twenty-fifth of it.

    Raises WeightsMissing where one of the files is damaged.
    """
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
    """What LPIPS uses of torchvision's AlexNet: its convolutions, by their numbers."""
    start = "features."
    return {name.removeprefix(start): w for name, w in state.items() if name.startswith(start)}
