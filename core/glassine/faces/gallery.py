"""Drawn faces of nobody: identities to move a face towards, and how one is put in its place."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor

from ..embedders import EMBEDDERS
from ..embedders.base import ARCFACE, Points
from ..embedders.loaded import embedder
from ..formats import FORMATS
from ..machine.device import Device
from ..messages import message
from ..types import Face
from .align import as_seen, placing
from .place import around, soft_mask

FOLDER = Path(__file__).parent / "drawn"
INDEX = "index.json"
SIZE = 224  # pixels; side of a stored picture
_WIDER = 0.6  # of the usual crop's scale: more of the head, as dlib wants it

Lent = tuple[Tensor, Face]
"""(3, H, W), and the face in it that is put in place of another."""

POINTS: Points = tuple((0.5 + _WIDER * (x - 0.5), 0.5 + _WIDER * (y - 0.5)) for x, y in ARCFACE)
"""Where eyes, nose and mouth are in them."""


@cache
def drawn_faces() -> dict[str, Tensor]:
    """Name -> (3, SIZE, SIZE) in [0, 1]."""
    files = json.loads((FOLDER / INDEX).read_text("utf-8"))
    read = FORMATS["webp"].read
    return {
        Path(file).stem: read((FOLDER / file).read_bytes(), message("picture.this")).rgb
        for file in files
    }


def stored_face() -> Face:
    """The face of such a picture, as a detector would say it."""
    points = tuple((SIZE * x, SIZE * y) for x, y in POINTS)
    return Face(box=(0.0, 0.0, float(SIZE), float(SIZE)), points=points, sure=1.0)


@torch.no_grad()
def seen_by(name: str, device: Device, rgb: Tensor, face: Face) -> Tensor:
    """(dims,): what that embedder makes of a face of (3, H, W)."""
    entry = EMBEDDERS[name]
    crop = as_seen(rgb, face, entry.points, entry.size)
    return embedder(name, device)(crop[None])[0].cpu()


@cache
def drawn_seen(name: str, device: Device) -> dict[str, Tensor]:
    return {who: seen_by(name, device, rgb, stored_face()) for who, rgb in drawn_faces().items()}


def farthest(rgb: Tensor, face: Face, names: Sequence[str], device: Device) -> str:
    """The drawn face that is farthest from this one, by the mean over those embedders.

    Distances of each are taken in its own mean distance: embedders have scales of their own.
    """
    away = dict.fromkeys(drawn_faces(), 0.0)
    for name in names:
        own = seen_by(name, device, rgb, face)
        far = {who: float((row - own).norm()) for who, row in drawn_seen(name, device).items()}
        mean = sum(far.values()) / len(far)
        for who, value in far.items():
            away[who] += value / mean
    return max(away, key=lambda who: away[who])


def with_faces(rgb: Tensor, given: Iterable[tuple[Face, str]]) -> Tensor:
    """(3, H, W) -> the same picture with those drawn faces in place of its own."""
    return with_lent(rgb, ((face, (drawn_faces()[who], stored_face())) for face, who in given))


def with_lent(rgb: Tensor, given: Iterable[tuple[Face, Lent]]) -> Tensor:
    """(3, H, W) -> the same picture with faces of other pictures in place of its own."""
    out, (height, width) = rgb.clone(), rgb.shape[1:]
    for face, lent in given:
        rows, columns = around(face, height, width, share=1.2)
        put, known = laid_over(face, lent, rows, columns)
        mask = soft_mask([face], height, width)[:, rows, columns] * known
        out[:, rows, columns] += mask * (put - out[:, rows, columns])
    return out


def laid_over(face: Face, lent: Lent, rows: slice, columns: slice) -> tuple[Tensor, Tensor]:
    """(3, h, w): the lent face turned and scaled to lie there; (1, h, w): where it is known."""
    picture, own = lent
    at = placing(face, own.points, 1)
    down, across = torch.meshgrid(
        torch.arange(rows.start, rows.stop) + 0.5,
        torch.arange(columns.start, columns.stop) + 0.5,
        indexing="ij",
    )
    there = (torch.complex(across, down) - at.shift) / at.turn
    high, wide = picture.shape[1:]
    grid = torch.stack([there.real / wide, there.imag / high], -1)[None] * 2 - 1
    both = torch.cat([picture, torch.ones(1, high, wide)])[None]
    if (shrink := abs(at.turn)) < 1:  # averaged down first, not every third pixel of it
        size = tuple(max(1, round(side * shrink)) for side in (high, wide))
        both = F.interpolate(both, size, mode="bilinear", align_corners=False, antialias=True)
    found = F.grid_sample(both, grid, mode="bilinear", align_corners=False)[0]
    return found[:3], found[3:]
