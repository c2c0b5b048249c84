"""The same copy in other formats: how large each would be, and how much of the effect it keeps."""

from __future__ import annotations

from dataclasses import replace

from torch import Tensor

from ..formats import FORMATS
from ..formats.vips import SMALLEST
from ..messages import message
from ..pixels.flatten import on_white
from ..types import Effect, Keep, Offer, Protected
from ..visibility import ssimulacra2
from .drift import Before, Looks, Viewer, effect
from .sight import weighed
from .trials import share_left

QUALITY = 95
OFFERED = {"jpeg": "JPEG", "webp": "WebP"}
"""Formats that every site takes. AVIF is smaller still and takes twenty times as long to write."""
SMALLER = 1 / 3  # of the copy's size; a larger file is not worth telling


def offered(protected: Protected) -> tuple[str, ...]:
    """The formats to offer for a lossless copy; none for a lossy one, whose format was chosen."""
    lossy = FORMATS[protected.plan.export.format].lossy
    return () if lossy or min(protected.rgb.shape[1:]) < SMALLEST else tuple(OFFERED)


def offer(name: str, protected: Protected, before: Before) -> Offer:
    """Size and effect in one format. Only the copy is recoded: at this quality clean picture and
    blend would hardly change."""
    artwork = protected.plan.artwork
    size = weighed(name, QUALITY, artwork, protected.rgb)
    part = recoded(name, QUALITY, before.controls.seen)
    score = ssimulacra2(before.controls.clean, part)
    return Offer(name, QUALITY, size, effect_left(before, part), score)


def recoded(name: str, quality: int, picture: Tensor) -> Tensor:
    """(3, h, w) -> the same size: what a reader of such a file sees."""
    entry = FORMATS[name]
    assert entry.write is not None, "only formats that are written are offered"
    back = entry.read(entry.write(picture, None, Keep(), quality), message("picture.copy"))
    return on_white(back.rgb, back.alpha)


def effect_left(before: Before, part: Tensor) -> float:
    """Share of the effect beyond its control that `part` keeps, 0 to 1; NaN if there was none."""
    return share_left(before.rows, [row_seeing(v, before, part) for v in before.viewers])


def row_seeing(viewer: Viewer, before: Before, part: Tensor) -> Effect:
    """The family's row with `part` in the protected picture's place; controls stay as they were."""
    (row,) = (one for one in before.rows if one.family == viewer.family)
    clean, seen = (before.look(picture) for picture in (before.controls.clean, part))
    looks = Looks(clean, seen, scattered=None, blend=None, jpeg=None)
    found = effect(viewer, looks, before.aims.get(viewer.family), after="")
    return replace(found, scattered=row.scattered, blend=row.blend)
