"""FFDNet: a denoising network that takes the noise level as an input."""

from __future__ import annotations

from pathlib import Path

from torch import Generator, Tensor

from ..machine import weights
from ..messages import Message, message
from ..units import Levels, to_unit
from .base import Purifier, Scene
from .nets.ffdnet import denoised

_FOLDER, _FILE = "ffdnet", "ffdnet_color.pth"
_SIGMA = to_unit(Levels(10))


def missing(_: Scene) -> Message | None:
    if weights.present(_FOLDER) and file().exists():
        return None
    return message("ffdnet.absent", file=_FILE, folder=_FOLDER)


def file() -> Path:
    return weights.folder_of(_FOLDER) / _FILE


def apply(rgb: Tensor, draw: Generator) -> Tensor:
    return denoised(file(), rgb, _SIGMA)


ENTRY = Purifier(
    says="FFDNet, sigma 10",
    kind="removal",
    differentiable=False,
    apply=apply,
    source="Zhang et al. (2018), weights of cszn/KAIR",
    missing=missing,
)
