"""What a request says -> the engine's own values."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

import numpy as np
from torch import Tensor

from ..errors import NotUsable
from ..flow.recipes import SCORES
from ..pixels.grid import to_tensor
from ..types import Claim, Export, Intent, Visible
from ..units import Score
from .raster import Raster, out_of_range

Json = dict[str, Any]
_PLAIN = ("recipe", "style", "shows", "teach", "effort", "seed")


def wanted_intent(
    ask: Json, picture: Raster | None = None, mask: bytes | bytearray = b""
) -> Intent:
    """The intent of a request; selection and unusable float pixels become its mask."""
    told = {name: ask[name] for name in _PLAIN if ask.get(name) is not None}
    strength = ask.get("strength", "balanced")
    return Intent(
        **told,
        strength=strength if strength in SCORES else Score(float(strength)),
        surrogates=tuple(ask["surrogates"]) if ask.get("surrogates") else None,
        mask=None if picture is None else masked(picture, mask),
        export=wanted_export(ask.get("export", {})),
    )


def wanted_export(ask: Json) -> Export:
    known = {f.name for f in fields(Export)} - {"marks", "claim"}
    plain = {name: ask[name] for name in known if ask.get(name) is not None}
    said = ask.get("claim") or {}
    claim = {f.name: said[f.name] for f in fields(Claim) if said.get(f.name) not in (None, "")}
    if "visible" in claim:
        claim["visible"] = Visible(**claim["visible"])
    return Export(**plain, marks=tuple(ask.get("marks", ())), claim=Claim(**claim))


def masked(picture: Raster, mask: bytes | bytearray) -> Tensor | None:
    """(1, H, W) in [0, 1]: the selection, one byte a pixel, and 0 where floats leave [0, 1]."""
    height, width = picture.numbers.shape[:2]
    found = None
    if mask:
        if len(mask) != width * height:
            raise NotUsable(
                f"The selection came with {len(mask)} bytes for {width} x {height} pixels. "
                "Select again; if it happens twice, it is a mistake in the plugin."
            )
        found = to_tensor(np.frombuffer(mask, np.uint8).reshape(height, width, 1))
    if picture.floating:
        inside = 1 - out_of_range(picture)
        found = inside if found is None else found * inside
    return found
