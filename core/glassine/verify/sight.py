"""What is looked at: the picture as its file gives it back, and the part that is measured."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from ..device import Device
from ..formats import FORMATS
from ..optimise.later import composite
from ..types import Artwork, Protected

STEP = 8  # sides of what an encoder sees are multiples of it
SIDES = {"cpu": 256}
ELSEWHERE = 512
_ENCODED_WHOLE = 4_000_000  # pixels; of larger pictures a crop stands for the file size
_SAMPLE = 1024


@dataclass(frozen=True)
class Sight:
    """The clean and the protected picture on white, whole and as the part that is measured.

    clean, seen  (3, H, W); `seen` is what the file gives back
    rows, columns  the part
    sizes        bytes of the file before and after
    """

    clean: Tensor
    seen: Tensor
    rows: slice
    columns: slice
    sizes: tuple[int, int]

    def cut(self, picture: Tensor) -> Tensor:
        return picture[:, self.rows, self.columns].float()


def sighted(protected: Protected, device: Device, side: int | None = None) -> Sight:
    plan = protected.plan
    artwork, rgb = plan.artwork, protected.rgb
    before, after, back = through_the_codec(protected)
    clean, seen = composite(artwork.rgb, artwork.alpha), composite(rgb, artwork.alpha)
    seen = seen if back is None else composite(back.rgb, back.alpha)
    rows, columns = part(clean, seen, side or SIDES.get(device.kind, ELSEWHERE))
    return Sight(clean, seen, rows, columns, (before, after))


def through_the_codec(protected: Protected) -> tuple[int, int, Artwork | None]:
    """Bytes before and after; for lossy formats also what a reader gets."""
    plan = protected.plan
    entry, export, artwork = FORMATS[plan.export.format], plan.export, plan.artwork
    if entry.write is None:
        return 0, 0, None
    rgb, alpha, area = (artwork.rgb, protected.rgb), artwork.alpha, 1.0
    if not entry.lossy and rgb[0][0].numel() > _ENCODED_WHOLE:
        rows, columns = (middle(length, _SAMPLE) for length in rgb[0].shape[1:])
        area = rgb[0][0].numel() / rgb[0][0, rows, columns].numel()
        rgb = (rgb[0][:, rows, columns], rgb[1][:, rows, columns])
        alpha = None if alpha is None else alpha[:, rows, columns]
    before, after = (entry.write(picture, alpha, artwork.keep, export.quality) for picture in rgb)
    back = entry.read(after, "The protected copy") if entry.lossy else None
    return round(len(before) * area), round(len(after) * area), back


def middle(length: int, side: int) -> slice:
    """The middle `side` of a length, in whole steps where it is long enough."""
    side = min(length // STEP * STEP or length, side)
    start = (length - side) // 2
    return slice(start, start + side)


def part(clean: Tensor, seen: Tensor, side: int) -> tuple[slice, slice]:
    """The middle; where a mask leaves that unchanged, the place with the most change."""
    rows, columns = (middle(length, side) for length in clean.shape[1:])
    if not torch.equal(clean[:, rows, columns], seen[:, rows, columns]):
        return rows, columns
    change = (clean - seen).abs().amax(0)
    down, across = (placed(change.amax(axis), side) for axis in (1, 0))
    return down, across


def placed(profile: Tensor, side: int) -> slice:
    """The stretch around the largest value."""
    window = middle(len(profile), side)
    long = window.stop - window.start
    start = int(profile.argmax()) - long // 2
    start = min(max(start, 0), len(profile) - long)
    return slice(start, start + long)
