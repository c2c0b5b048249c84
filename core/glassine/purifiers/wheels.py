"""Removal networks from PyPI wheels: finding them, and running them on a picture."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..messages import Message, message
from .base import Scene
from .nets.ncnn import network
from .resample import to_size

Missing = Callable[[Scene], Message | None]


def wheel_folder(package: str) -> Path | None:
    """The models folder of an installed wheel; the wheel itself is never imported."""
    spec = find_spec(package)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "models" if places else None


def needs(package: str, what: str) -> Missing:
    """`missing` of a purifier that needs that package's wheel; `what` is its name for people."""

    def missing(_: Scene) -> Message | None:
        if wheel_folder(package):
            return None
        return message("wheels.absent", what=what, wheel=package.replace("_", "-"))

    return missing


@torch.no_grad()
def run(package: str, stem: str, rgb: Tensor, border: int) -> Tensor:
    """(3, H, W) -> the output of the package's network `stem`, in [0, 1].

    border  mirrored pixels added on every side, for networks that do not pad themselves
    """
    place = wheel_folder(package)
    assert place, f"{package} is checked before it is run"
    height, width = rgb.shape[1:]
    border = min(border, height - 1, width - 1)
    odd = (-height % 4, -width % 4)  # the networks halve sides twice
    around = (border, border + odd[1], border, border + odd[0])
    mode = "reflect" if max(around) < min(height, width) else "replicate"
    net = network(place / stem)
    out = net(F.pad(rgb[None].float(), around, mode=mode))[0].clamp(0, 1)
    return out


def wheel_denoised(package: str, stem: str, rgb: Tensor, border: int) -> Tensor:
    """(3, H, W) -> same size, by a network that keeps the size."""
    return run(package, stem, rgb, border)[:, : rgb.shape[1], : rgb.shape[2]].to(rgb)


def wheel_enlarged(
    package: str, stem: str, rgb: Tensor, border: int, times: int, inside: int
) -> Tensor:
    """(3, H, W) -> (3, times H, times W), by a network that enlarges.

    inside  border that is left in its output and cut off, in the output's pixels
    """
    height, width = rgb.shape[1:]
    out = run(package, stem, rgb, border)
    return out[:, inside : inside + height * times, inside : inside + width * times]


def up_and_down(package: str, stem: str, rgb: Tensor, border: int, times: int, cut: int) -> Tensor:
    """(3, H, W) -> same size: enlarged by the network and reduced again, as removers do."""
    height, width = rgb.shape[1:]
    return to_size(wheel_enlarged(package, stem, rgb, border, times, cut), height, width).to(rgb)
