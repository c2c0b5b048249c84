"""ICC profiles for colours that a file describes in another way than by a profile.

Chromaticities and curves have their numbers from ITU-T H.273; the adaptation to D50 is Bradford's,
as ICC.1:2010 demands. littlecms and browsers read these profiles.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np

from ..errors import NotUsable
from ..messages import Field

D65, DCI, C = (0.3127, 0.329), (0.314, 0.351), (0.310, 0.316)
SRGB, P3, BT2020, ADOBE = "sRGB", "Display P3", "BT.2020", "Adobe RGB (1998)"
PRIMARIES = {
    1: (0.64, 0.33, 0.30, 0.60, 0.15, 0.06, *D65),
    4: (0.67, 0.33, 0.21, 0.71, 0.14, 0.08, *C),
    5: (0.64, 0.33, 0.29, 0.60, 0.15, 0.06, *D65),
    6: (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *D65),
    7: (0.63, 0.34, 0.31, 0.595, 0.155, 0.07, *D65),
    9: (0.708, 0.292, 0.17, 0.797, 0.131, 0.046, *D65),
    11: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, *DCI),
    12: (0.68, 0.32, 0.265, 0.69, 0.15, 0.06, *D65),
    22: (0.63, 0.34, 0.295, 0.605, 0.155, 0.077, *D65),
}
"""Number in H.273 -> x and y of red, green, blue and white."""
_NAMES = {1: SRGB, 9: BT2020, 11: "DCI-P3", 12: P3}
_SRGB = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
_BT709 = (1 / 0.45, 1 / 1.099, 0.099 / 1.099, 1 / 4.5, 0.081)
CURVES: dict[int, tuple[float, ...]] = {
    **dict.fromkeys((1, 6, 14, 15), _BT709),
    13: _SRGB,
    4: (2.2,),
    5: (2.8,),
    8: (1.0,),
}
"""Number in H.273 -> a gamma alone, or the five parameters of a curve with a linear start (ICC's
parametric curve of type 3)."""
HDR = {16: "PQ", 18: "HLG"}
UNSAID = 2  # "unspecified" in H.273

_BRADFORD = np.array(
    ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
)
_D50 = np.array((0.9642, 1.0, 0.8249))


@dataclass(frozen=True)
class Colours:
    """An RGB colour space: primaries as in PRIMARIES, curve as in CURVES.

    name  for people; "" for a space without one
    """

    primaries: tuple[float, ...]
    curve: tuple[float, ...]
    name: str = ""


SRGB_SPACE = Colours(PRIMARIES[1], _SRGB, SRGB)
ADOBE_RGB = Colours((0.64, 0.33, 0.21, 0.71, 0.15, 0.06, *D65), (563 / 256,), ADOBE)
NAMED = {
    ADOBE: ADOBE_RGB,
    P3: Colours(PRIMARIES[12], _SRGB, P3),
    "ProPhoto RGB": Colours(
        (0.7347, 0.2653, 0.1596, 0.8404, 0.0366, 0.0001, 0.3457, 0.3585), (1.8,), "ProPhoto RGB"
    ),
}
"""Spaces that a file may name without holding their profile."""


def coded(primaries: int, transfer: int, what: Field) -> Colours | None:
    """The space of two numbers of H.273; None for sRGB and for "unspecified".

    Raises NotUsable for HDR: eight bits of sRGB cannot hold it, and a guess would spoil it.
    """
    if transfer in HDR:
        raise NotUsable("colour.hdr", what=what, curve=HDR[transfer])
    chosen = primaries if primaries in PRIMARIES else 1
    if chosen == 1 and transfer in (1, 6, 13, 14, 15, UNSAID):  # in stills BT.709 means sRGB
        return None
    curve = CURVES.get(transfer, _SRGB)
    return Colours(PRIMARIES[chosen], curve, _NAMES.get(chosen, ""))


def near_srgb(colours: Colours) -> bool:
    """Whether the space is sRGB but for rounding."""
    flat = [abs(a - b) for a, b in zip(colours.primaries, PRIMARIES[1], strict=True)]
    plain = len(colours.curve) > 1 or abs(colours.curve[0] / 2.2 - 1) < 0.05
    return max(flat) < 0.004 and plain


def matrix(primaries: tuple[float, ...]) -> tuple[np.ndarray, np.ndarray]:
    """XYZ of red, green and blue under D50 (one column each), and the adaptation matrix to D50."""
    xy = np.array(primaries, float).reshape(4, 2)
    xyz = np.column_stack((xy[:, 0] / xy[:, 1], np.ones(4), (1 - xy.sum(1)) / xy[:, 1])).T
    colours, white = xyz[:, :3], xyz[:, 3]
    colours = colours * np.linalg.solve(colours, white)
    gains = (_BRADFORD @ _D50) / (_BRADFORD @ white)
    adapt = np.linalg.inv(_BRADFORD) @ np.diag(gains) @ _BRADFORD
    return adapt @ colours, adapt


def made(colours: Colours) -> bytes:
    """An ICC profile (version 4.3) of that space."""
    columns, adapt = matrix(colours.primaries)
    curve = parametric(colours.curve)
    tags = [
        (b"desc", localised(colours.name or "RGB as the file describes it")),
        (b"cprt", localised("No copyright, use freely")),
        (b"wtpt", b"XYZ \0\0\0\0" + fixed(_D50)),
        (b"chad", b"sf32\0\0\0\0" + fixed(adapt.ravel())),
        *((name, b"XYZ \0\0\0\0" + fixed(columns[:, at])) for at, name in enumerate(_COLUMNS)),
        *((name, curve) for name in (b"rTRC", b"gTRC", b"bTRC")),
    ]
    table, body = struct.pack(">I", len(tags)), b""
    at = 128 + 4 + 12 * len(tags)
    for name, data in tags:
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data + bytes(-len(data) % 4)
    return header(at + len(body)) + table + body


_COLUMNS = (b"rXYZ", b"gXYZ", b"bXYZ")


def header(size: int) -> bytes:
    """The 128 bytes before a profile's tags; `size` is that of the whole profile."""
    made_in = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)  # always the same bytes
    start = struct.pack(">I4xI", size, 0x04300000) + b"mntrRGB XYZ " + made_in + b"acsp"
    return (start + bytes(28) + fixed(_D50)).ljust(128, b"\0")


def fixed(numbers: np.ndarray | tuple[float, ...]) -> bytes:
    """Numbers as ICC's s15Fixed16."""
    return struct.pack(f">{len(numbers)}i", *(round(float(one) * 65536) for one in numbers))


def localised(text: str) -> bytes:
    """The text as ICC's multiLocalizedUnicode, in English."""
    raw = text.encode("utf-16-be")
    return b"mluc" + struct.pack(">4xII2s2sII", 1, 12, b"en", b"US", len(raw), 28) + raw


def parametric(curve: tuple[float, ...]) -> bytes:
    """The curve as ICC's parametricCurve, of type 0 or 3."""
    return b"para" + struct.pack(">4xHxx", 3 if len(curve) > 1 else 0) + fixed(curve)
