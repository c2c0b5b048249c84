"""What a request says -> the engine's own values."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any, cast

import numpy as np
from torch import Tensor

from ..campaigns import agreed
from ..errors import NotUsable
from ..flow.recipes import SCORES
from ..pixels.grid import to_tensor
from ..types import Claim, Effort, Intent, Strength
from ..units import Score
from .asked import Pixels, Wish
from .raster import Raster, out_of_range


def wanted_intent(
    wish: Wish,
    picture: Raster | None = None,
    mask: bytes | bytearray = b"",
    at: Pixels | None = None,
) -> Intent:
    """The intent of a request; selection and unusable float pixels become its mask.

    at  where in the document the picture lies; needed only for `wish.spared`
    """
    wanted = Intent(
        recipe=wish.recipe,
        style=wish.style,
        shows=wish.shows,
        teach=wish.teach,
        strength=wanted_strength(wish.strength),
        surrogates=wish.surrogates or None,
        seed=wish.seed,
        spared=() if at is None else tuple(as_share(point, at) for point in wish.spared),
        model=wish.model or None,
        prompt=wish.prompt or Intent.prompt,
        mask=None if picture is None else masked(picture, mask),
        export=replace(wish.export, claim=without_blanks(wish.export.claim)),
    )
    if wish.campaign:
        wanted = agreed(wanted, wish.campaign, own_strength=True)
    return replace(wanted, effort=cast("Effort", wish.effort)) if wish.effort else wanted


def as_share(point: tuple[float, ...], at: Pixels) -> tuple[float, float]:
    """A point of the document, as shares of the picture's sides."""
    if len(point) != len((at.left, at.top)) or at.scale <= 0:
        raise NotUsable("request.wrong", field="spared", details=repr(point)[:40])
    across, down = point
    return (across - at.left) / at.scale / at.width, (down - at.top) / at.scale / at.height


def wanted_strength(asked: float | str) -> Strength | Score:
    """A word stays a word, and `plan` says which there are; a number is a score."""
    if not isinstance(asked, str):
        return Score(asked)
    try:
        return cast("Strength", asked) if asked in SCORES else Score(float(asked))
    except ValueError:
        return cast("Strength", asked)


def without_blanks(claim: Claim) -> Claim:
    """The claim with its defaults where a field was left empty in the docker."""
    blank: dict[str, Any] = {
        one.name: one.default for one in fields(claim) if getattr(claim, one.name) == ""
    }
    return replace(claim, **blank)


def masked(picture: Raster, mask: bytes | bytearray) -> Tensor | None:
    """(1, H, W) in [0, 1]: the selection, one byte a pixel, and 0 where floats leave [0, 1]."""
    height, width = picture.numbers.shape[:2]
    found = None
    if mask:
        if len(mask) != width * height:
            raise NotUsable("service.selection_size", bytes=len(mask), width=width, height=height)
        found = to_tensor(np.frombuffer(mask, np.uint8).reshape(height, width, 1))
    if picture.floating:
        inside = 1 - out_of_range(picture)
        found = inside if found is None else found * inside
    return found
