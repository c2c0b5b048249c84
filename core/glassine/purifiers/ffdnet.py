"""FFDNet: a trained denoiser that is told how strong the noise is."""

from __future__ import annotations

from pathlib import Path

from torch import Generator, Tensor

from ..machine import weights
from ..units import Levels, to_unit
from .base import Purifier, Scene
from .nets.ffdnet import denoised

_FOLDER, _FILE = "ffdnet", "ffdnet_color.pth"
_SIGMA = to_unit(Levels(10))


def missing(_: Scene) -> str:
    if weights.present(_FOLDER) and file().exists():
        return ""
    return (
        f"FFDNet is not here: no package carries its weights. Put {_FILE} of the KAIR model zoo "
        f"(MIT) into the folder '{_FOLDER}' of the models folder."
    )


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
