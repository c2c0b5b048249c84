"""What is looked at: the picture as its file gives it back, and the part that is measured."""

from __future__ import annotations

from dataclasses import dataclass

from torch import Tensor

from ..faces.place import around, largest
from ..formats import FORMATS
from ..machine.device import choose
from ..messages import message
from ..pixels.flatten import on_white
from ..types import Artwork, Protected

STEP = 8  # sides of what an encoder sees are multiples of it
SIDES = {"cpu": 256}  # pixels; side of the measured square
ELSEWHERE = 512  # the same on other devices
_ENCODED_WHOLE = 4_000_000  # pixels; a larger picture is weighed by its middle
_SAMPLE = 1024  # pixels; side of that middle
FACE = 1.2  # of a face's sides, from its middle: what the widest crop of an embedder shows
SPOTS = 5  # places along each side among which the part is chosen


@dataclass(frozen=True)
class Sight:
    """The clean and the protected picture on white, whole and as the part that is measured.

    clean, seen  (3, H, W); `seen` is what the file gives back
    rows, columns  the part
    sizes        bytes of the file before and after
    coded        the file of the protected picture before its marks; b"" where only its middle was
                 encoded
    """

    clean: Tensor
    seen: Tensor
    rows: slice
    columns: slice
    sizes: tuple[int, int]
    coded: bytes = b""

    def cut(self, picture: Tensor) -> Tensor:
        return picture[:, self.rows, self.columns].float()


def sighted(protected: Protected, side: int | None = None) -> Sight:
    """Both pictures as their files give them back, and the part that is measured.

    side  of the measured square, in pixels; None: what this device measures in seconds
    """
    plan = protected.plan
    artwork, rgb, device = plan.artwork, protected.rgb, choose(plan.device)
    sizes, coded, back = through_the_codec(protected)
    clean, seen = on_white(artwork.rgb, artwork.alpha), on_white(rgb, artwork.alpha)
    seen = seen if back is None else on_white(back.rgb, back.alpha)
    if plan.faces:  # the largest face is measured, and nothing around it
        height, width = clean.shape[1:]
        rows, columns = around(largest(plan.faces), height, width, share=FACE)
    else:
        rows, columns = part(clean, seen, side or SIDES.get(device.kind, ELSEWHERE))
    return Sight(clean, seen, rows, columns, sizes, coded)


def through_the_codec(protected: Protected) -> tuple[tuple[int, int], bytes, Artwork | None]:
    """Bytes before and after; the copy's file, b"" where only its middle was encoded; and what a
    reader gets of a lossy format, None of a lossless one."""
    plan = protected.plan
    entry, export, artwork = FORMATS[plan.export.format], plan.export, plan.artwork
    if entry.write is None:
        return (0, 0), b"", None
    if not entry.lossy and artwork.rgb[0].numel() > _ENCODED_WHOLE:
        before, after = (
            weighed(export.format, export.quality, artwork, rgb)
            for rgb in (artwork.rgb, protected.rgb)
        )
        return (before, after), b"", None
    clean, made = (
        entry.write(rgb, artwork.alpha, artwork.keep, export.quality)
        for rgb in (artwork.rgb, protected.rgb)
    )
    back = entry.read(made, message("picture.copy")) if entry.lossy else None
    return (len(clean), len(made)), made, back


def weighed(name: str, quality: int, artwork: Artwork, rgb: Tensor) -> int:
    """Bytes of a picture in a format; of a large one they are estimated from its middle."""
    write, alpha, area = FORMATS[name].write, artwork.alpha, 1.0
    assert write is not None, "only formats that are written are weighed"
    if rgb[0].numel() > _ENCODED_WHOLE:
        rows, columns = (middle_part(length, _SAMPLE) for length in rgb.shape[1:])
        area = rgb[0].numel() / rgb[0, rows, columns].numel()
        rgb = rgb[:, rows, columns]
        alpha = None if alpha is None else alpha[:, rows, columns]
    return round(len(write(rgb, alpha, artwork.keep, quality)) * area)


def middle_part(length: int, side: int) -> slice:
    """The middle `side` of a length, in whole steps where it is long enough."""
    side = min(length // STEP * STEP or length, side)
    start = (length - side) // 2
    return slice(start, start + side)


def part(clean: Tensor, seen: Tensor, side: int) -> tuple[slice, slice]:
    """The middle, unless less than half as much changed there as it typically did elsewhere.

    A plain or masked middle says little about the picture. The place instead has the median
    change, not the largest: that would show the tool at its best.
    """
    height, width = clean.shape[1:]
    places = [(r, c) for r in spaced(height, side) for c in spaced(width, side)]
    amounts = [mean_change(clean, seen, *place) for place in places]
    known = sorted(amount for amount in amounts if amount)
    if not known:
        change = (clean - seen).abs().amax(0)
        down, across = (stretch_around(change.amax(axis), side) for axis in (1, 0))
        return down, across
    typical = known[len(known) // 2]
    if amounts[0] >= typical / 2:
        return places[0]
    return places[amounts.index(typical)]


def spaced(length: int, side: int) -> list[slice]:
    """The middle, then stretches as long from one end to the other."""
    centre = middle_part(length, side)
    long = centre.stop - centre.start
    starts = [step * (length - long) // (SPOTS - 1) for step in range(SPOTS)]
    return [centre, *(slice(start, start + long) for start in starts if start != centre.start)]


def mean_change(clean: Tensor, seen: Tensor, rows: slice, columns: slice) -> float:
    """Mean change of that place, in the pictures' unit."""
    cut = (slice(None), rows, columns)
    return float((clean[cut].float() - seen[cut].float()).abs().mean())


def stretch_around(profile: Tensor, side: int) -> slice:
    """The stretch around the largest value."""
    window = middle_part(len(profile), side)
    long = window.stop - window.start
    start = int(profile.argmax()) - long // 2
    start = min(max(start, 0), len(profile) - long)
    return slice(start, start + long)
