"""Steps on faces: each looks at one of them through one embedder, never twice in the same way.

Networks of recognition look at 112 to 224 pixels, at a crop that each of them cuts in its own way.
So a step draws the crop anew: turned, scaled and moved a little, mirrored, blurred or coded; and
some of them as another network would cut it, or not turned upright at all (Cherepanova et al.,
2021). What only one exact crop shows, an unknown network would not see.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Generator, Tensor

from ..embedders import EMBEDDERS, Embedder
from ..embedders.loaded import embedder
from ..faces.align import Placing, cropped, placing, scaled
from ..machine.device import Device
from ..purifiers import PURIFIERS
from ..types import Face, Plan
from .canvas import Canvas
from .course import Step
from .handling import as_it_is, through_codec
from .look import Part

TURN, SCALE, MOVE = 0.08, 0.10, 0.05  # radians, of the scale, of the crop's side; at most
MIRRORED, LOOSE, BLURRED, CODED = 0.5, 0.25, 0.3, 0.3  # shares of the steps


@dataclass(frozen=True)
class FaceLook:
    """One crop of one face.

    part      of the canvas that the crop shows
    pixels    that the embedder sees
    mirrored  whether left and right are exchanged
    """

    part: Part
    placing: Placing
    pixels: int
    mirrored: bool = False

    def seen(self, part: Tensor) -> Tensor:
        """(C, h, w) of the part -> (C, size, size)."""
        crop = cropped(part, self.placing, self.part)
        return crop.flip(2) if self.mirrored else crop


class FaceCourse:
    """Every face through every embedder, in turn."""

    def __init__(self, plan: Plan, on: Canvas, device: Device) -> None:
        (height, width), (rows, columns) = on.size, plan.artwork.rgb.shape[1:]
        self._faces = [scaled(face, width / columns, height / rows) for face in plan.faces]
        self._nets = [(EMBEDDERS[name], embedder(name, device)) for name in plan.surrogates]
        self._canvas, self._aims = on, dict[tuple[int, int], Tensor]()

    def at(self, step: int, draw: Generator) -> Step:
        which, net = step % len(self._faces), step // len(self._faces) % len(self._nets)
        (entry, encode), face = self._nets[net], self._faces[which]
        part = jittered(face, entry, self._canvas.size, draw)
        return Step(part, encode, self.aim(which, net), drawn_handling(draw))

    @torch.no_grad()
    def aim(self, which: int, net: int) -> Tensor:
        """(1, dims): the weighted mean of the goals' numbers, the face upright in its crop."""
        if (which, net) not in self._aims:
            entry, encode = self._nets[net]
            part = upright(self._faces[which], entry, self._canvas.size)
            goals = [(part.seen(goal[part.part]), weight) for goal, weight in self._canvas.goals]
            rows = [weight * encode(seen[None]) for seen, weight in goals]
            self._aims[which, net] = torch.stack(rows).sum(0)
        return self._aims[which, net]


def upright(face: Face, entry: Embedder, size: tuple[int, int]) -> FaceLook:
    """As that embedder cuts it."""
    at = placing(face, entry.points, entry.size)
    return FaceLook(at.within(*size), at, entry.size**2)


def jittered(face: Face, entry: Embedder, size: tuple[int, int], draw: Generator) -> FaceLook:
    """About as it cuts it; or as another one does, or with the head as it is held."""
    turn, scale, across, down, mirrored, loose = torch.rand(6, generator=draw).tolist()
    at = placing(face, other_points(entry, loose), entry.size)
    if loose < LOOSE / 2:
        at = over_face(face, abs(at.turn), at.size)
    at = at.nudged(
        TURN * (2 * turn - 1),
        math.exp(SCALE * (2 * scale - 1)),
        MOVE * (2 * across - 1),
        MOVE * (2 * down - 1),
    )
    return FaceLook(at.within(*size), at, entry.size**2, mirrored < MIRRORED)


def other_points(entry: Embedder, loose: float) -> tuple[tuple[float, float], ...]:
    """Where the crop has eyes, nose and mouth: mostly where this embedder wants them."""
    if not LOOSE / 2 <= loose < LOOSE:
        return entry.points
    others = [one.points for one in map(EMBEDDERS.__getitem__, EMBEDDERS) if one is not entry]
    return others[int((loose / LOOSE * 2 - 1) * len(others))]


def over_face(face: Face, scale: float, size: int) -> Placing:
    """A crop that is not turned, its middle over the middle of the face's box."""
    left, top, right, bottom = face.box
    middle = complex((left + right) / 2, (top + bottom) / 2)
    return Placing(size, complex(scale), middle - scale * complex(1, 1) * size / 2)


def drawn_handling(draw: Generator) -> Callable[[Tensor], Tensor]:
    """What happens to the crop before the embedder sees it."""
    at = torch.rand((), generator=draw).item()
    if at < BLURRED:
        return blurred
    return through_codec if at < BLURRED + CODED else as_it_is


def blurred(rgb: Tensor) -> Tensor:
    return PURIFIERS["blur"].apply(rgb, Generator())
