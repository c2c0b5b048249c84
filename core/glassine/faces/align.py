"""A face as an embedder is shown it: turned, moved and scaled until eyes and mouth are in place."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from ..embedders.base import Points
from ..types import Face

Part = tuple[slice, slice, slice]


@dataclass(frozen=True)
class Placing:
    """Where a crop lies in its picture: a point z of the crop is at `turn` z + `shift` in that.

    Points are complex numbers, across + i down, in pixels: multiplying turns and scales.
    """

    size: int
    turn: complex
    shift: complex

    def at(self, z: complex) -> complex:
        return self.turn * z + self.shift

    def nudged(self, angle: float, scale: float, across: float, down: float) -> Placing:
        """The crop turned and scaled around its middle, then moved.

        angle  in radians; across, down  as shares of the crop's side
        """
        middle, turn = complex(1, 1) * self.size / 2, self.turn * scale * unit(angle)
        centre = self.at(middle) + self.turn * self.size * complex(across, down)
        return Placing(self.size, turn, centre - turn * middle)

    def within(self, height: int, width: int) -> Part:
        """The part of a picture of that size that the crop shows, with a margin of two pixels."""
        far = self.size
        corners = [self.at(z) for z in (0j, complex(far, 0), complex(0, far), complex(far, far))]
        rows = span([z.imag for z in corners], height)
        columns = span([z.real for z in corners], width)
        return slice(None), rows, columns


def unit(angle: float) -> complex:
    """The complex number of length one at an angle in radians."""
    return complex(math.cos(angle), math.sin(angle))


def span(values: list[float], length: int) -> slice:
    start = min(max(math.floor(min(values)) - 2, 0), length - 1)
    return slice(start, max(min(math.ceil(max(values)) + 2, length), start + 1))


def placing(face: Face, points: Points, size: int) -> Placing:
    """The crop that puts its points nearest to the face's, by least squares, without mirroring."""
    there = [complex(*point) for point in face.points]
    here = [size * complex(*point) for point in points]
    middle, centre = sum(here) / len(here), sum(there) / len(there)
    pairs = [(q - middle, p - centre) for q, p in zip(here, there, strict=True)]
    spread = sum(abs(q) ** 2 for q, _ in pairs)
    turn = sum(q.conjugate() * p for q, p in pairs) / spread
    return Placing(size, turn, centre - turn * middle)


def cropped(picture: Tensor, at: Placing, part: Part) -> Tensor:
    """(C, h, w), that part of a picture -> (C, size, size), differentiable; black beyond it.

    A face larger than the crop is reduced with antialiasing first.
    """
    _, rows, columns = part
    shrink = max(1.0, abs(at.turn))
    size = tuple(max(1, round(side / shrink)) for side in picture.shape[1:])
    small = picture[None]
    if shrink > 1:
        small = F.interpolate(small, size, mode="bilinear", align_corners=False, antialias=True)
    where = spots(at, picture.device) - torch.tensor(
        [columns.start or 0, rows.start or 0], device=picture.device
    )
    sides = torch.tensor([picture.shape[2], picture.shape[1]], device=picture.device)
    grid = (2 * where / sides - 1)[None]
    return F.grid_sample(small, grid, mode="bilinear", align_corners=False)[0]


def spots(at: Placing, device: torch.device) -> Tensor:
    """(size, size, 2): where the middle of each of the crop's pixels lies, (across, down)."""
    line = torch.arange(at.size, device=device) + 0.5
    down, across = torch.meshgrid(line, line, indexing="ij")
    cos, sin = at.turn.real, at.turn.imag
    return torch.stack(
        [
            cos * across - sin * down + at.shift.real,
            sin * across + cos * down + at.shift.imag,
        ],
        -1,
    )


def as_seen(picture: Tensor, face: Face, points: Points, size: int) -> Tensor:
    """(3, H, W) -> (3, size, size): the face as that embedder is shown it."""
    at = placing(face, points, size)
    part = at.within(*picture.shape[1:])
    return cropped(picture[part], at, part)


def scaled(face: Face, across: float, down: float) -> Face:
    """The face in a copy of the picture that is `across` times as wide and `down` times as high."""
    left, top, right, bottom = face.box
    return Face(
        box=(left * across, top * down, right * across, bottom * down),
        points=tuple((x * across, y * down) for x, y in face.points),
        sure=face.sure,
    )


def shifted(face: Face, left: float, top: float) -> Face:
    """The face in a part of the picture that begins at (left, top)."""
    one, two, three, four = face.box
    return Face(
        box=(one - left, two - top, three - left, four - top),
        points=tuple((x - left, y - top) for x, y in face.points),
        sure=face.sure,
    )
