"""How pixels are kept: colour model, depth and profile, as Krita names them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .libkis import Coloured
from .places import Place

SIZES = {"U8": 1, "U16": 2, "F16": 2, "F32": 4}
CHANNELS = {"CMYKA": 5, "GRAYA": 2}  # all others have four
SRGB = "sRGB-elle-V2-srgbtrc.icc"
SAME = (SRGB, "sRGB-elle-V4-srgbtrc.icc", "sRGB built-in", "sRGB IEC61966-2.1")


@dataclass(frozen=True)
class Space:
    """How pixels are kept: Krita's names for colour model, depth and profile."""

    model: str
    depth: str
    profile: str

    @property
    def usable(self) -> bool:
        return self.model == "RGBA" and self.depth in SIZES

    @property
    def pixel(self) -> int:
        """Bytes."""
        return CHANNELS.get(self.model, 4) * SIZES.get(self.depth, 0)

    def same(self, other: Space) -> bool:
        """Whether pixels of the one are pixels of the other. Only the profiles in SAME are sRGB;
        others with sRGB in their name have its curve, but other primaries."""
        if (self.model, self.depth) != (other.model, other.depth):
            return False
        return self.profile == other.profile or {self.profile, other.profile} <= set(SAME)

    def about(self, place: Place) -> dict[str, Any]:
        """What a request says of its pixels; see the engine's raster.py."""
        name = self.profile.lower()
        return {
            "width": place.width,
            "height": place.height,
            "left": place.x,
            "top": place.y,
            "order": "RGBA" if self.depth.startswith("F") else "BGRA",
            "type": self.depth.lower(),
            "linear": "linear" in name or "g10" in name,
        }


SCREEN = Space("RGBA", "U8", SRGB)


def space_of(thing: Coloured) -> Space:
    return Space(thing.colorModel(), thing.colorDepth(), thing.colorProfile())


def file_space(kept: Space) -> Space:
    """sRGB with 8 or 16 bits, as files want it."""
    return Space("RGBA", "U8" if kept.depth == "U8" else "U16", SRGB)


def convert_pixels(layer: Coloured, wanted: Space) -> None:
    """Converts a layer's pixels, if it has any."""
    if space_of(layer) != wanted:
        layer.setColorSpace(wanted.model, wanted.depth, wanted.profile)
