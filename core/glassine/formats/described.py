"""What a file says about its colours other than by an ICC profile: in chunks, boxes and tags."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass

from ..messages import Field
from ..units import Levels, to_unit
from . import profiles
from .carried import exif
from .profiles import Colours

_WHITE, _PRIMARIES, _CURVE, _SPACE, _GAMMA = 0x013E, 0x013F, 0x012D, 0xA001, 0xA500
_SRGB, _ADOBE = 1, 2
_NAME_ONLY = "XMP (ICCProfile)"
_INSIDE = {b"meta": 4, b"iprp": 0, b"ipco": 0}  # box with boxes inside -> bytes before these
_BOXES = 10_000  # most that are read


@dataclass(frozen=True)
class Said:
    """A file's description of its colours.

    where  it stands, for messages
    first  whether it takes precedence over an ICC profile
    """

    colours: Colours
    where: str
    first: bool = False


def colours_of(data: bytes, what: Field) -> Said | None:
    """How the file itself describes its colours; None where it does not, or describes sRGB."""
    if data.startswith(b"\x89PNG"):
        said = of_png(data, what)
    elif data[4:8] == b"ftyp":
        said = of_avif(data, what)
    elif data[:2] in (b"II", b"MM"):
        said = of_tiff(exif.parsed(data))
    else:
        said = None
    return None if said is None or profiles.near_srgb(said.colours) else said


def of_camera(block: exif.Block | None, named: str = "") -> Said | None:
    """The colours by EXIF, or else by the profile's name in XMP where the file lost the profile.

    Cameras mark Adobe RGB as an "option file" (interoperability index R03, DCF 2.0); other programs
    by ColorSpace 2, which EXIF does not define.

    named  the profile's name in XMP; "": none
    """
    if block is not None:
        spaces = exif.all_numbers(block.exif, _SPACE, block.order)
        if block.interop == "R03" or spaces == (_ADOBE,):
            where = "EXIF (R03)" if block.interop == "R03" else "EXIF (ColorSpace 2)"
            return Said(profiles.ADOBE_RGB, where)
        told = of_tags(block, "EXIF (PrimaryChromaticities)")
        if told and not profiles.near_srgb(told.colours):
            return told
    known = profiles.NAMED.get(named)
    return Said(known, _NAME_ONLY) if known else None


def unsaid(block: exif.Block | None, named: str) -> str:
    """Where the file says that its colours are not sRGB without saying which; "" where nowhere.

    Gives the place and not the profile's name: profiles are named after monitors and their owners,
    and the notes stand on a page that may be published.
    """
    if named and not named.startswith("sRGB"):
        return _NAME_ONLY
    if block is None or block.interop:
        return ""
    spaces = exif.all_numbers(block.exif, _SPACE, block.order)
    return "EXIF" if spaces and spaces[0] != _SRGB else ""


def of_png(data: bytes, what: Field) -> Said | None:
    """The colours by a PNG's chunks. cICP takes precedence over iCCP, that over sRGB, and that over
    cHRM and gAMA (PNG 3, 4.3)."""
    chunks = dict(heads(data))
    if len(code := chunks.get(b"cICP", b"")) == 4:
        coded = profiles.coded(code[0], code[1], what)
        return Said(coded, "cICP", first=True) if coded else None
    if b"sRGB" in chunks:
        return None
    gamma, points = chunks.get(b"gAMA", b""), chunks.get(b"cHRM", b"")
    primaries, curve = profiles.PRIMARIES[1], profiles.CURVES[13]
    if len(points) == 32:
        white, *rest = (one / 1e5 for one in struct.unpack(">8I", points))
        primaries = (*rest[1:], white, rest[0])
    if len(gamma) == 4 and (exponent := int.from_bytes(gamma, "big")):
        curve = curve if abs(exponent - 45_455) < 1000 else (1e5 / exponent,)
    where = " + ".join(name for name, there in (("cHRM", points), ("gAMA", gamma)) if there)
    return Said(Colours(primaries, curve), where) if where and sane(primaries) else None


def heads(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Name and first 64 bytes of each chunk before the pixels."""
    at = 8
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + min(size, 64)]
        at += 12 + size


def of_avif(data: bytes, what: Field) -> Said | None:
    """The colours by an AVIF's box `colr` of kind `nclx`; libvips reads kind `prof`, a profile."""
    for name, body in boxes(data, 0, len(data)):
        if name == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
            primaries, transfer = struct.unpack(">HH", body[4:8])
            coded = profiles.coded(primaries, transfer, what)
            return Said(coded, "nclx") if coded else None
    return None


def boxes(data: bytes, at: int, end: int, left: int = _BOXES) -> Iterator[tuple[bytes, bytes]]:
    """Name and first bytes of each box, down to those that hold the pictures' properties."""
    while at + 8 <= end and left > 0:
        size, name = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        stop, left = min(at + size, end), left - 1
        if name in _INSIDE and size > 8:
            yield from boxes(data, at + 8 + _INSIDE[name], stop, left)
        yield name, data[at + 8 : min(stop, at + 24)]
        if size < 8:
            return
        at += size


def of_tiff(block: exif.Block | None) -> Said | None:
    """The colours by a TIFF's white point, chromaticities and transfer function (TIFF 6.0, 20)."""
    return of_tags(block, "PrimaryChromaticities") if block else None


def of_tags(block: exif.Block, where: str) -> Said | None:
    """The colours by a directory's tags; without a curve gamma 2.2, as in TIFF 6.0, and without
    primaries those of sRGB. None where both are missing."""
    white, points = (numbers(block.main, tag, block.order) for tag in (_WHITE, _PRIMARIES))
    gamma = curve_of(block)
    if len(points) != 6 and gamma is None:
        return None
    primaries = profiles.PRIMARIES[1]
    if len(points) == 6:
        primaries = (*points, *(white if len(white) == 2 else profiles.D65))
    place = where if len(points) == 6 else "TransferFunction"
    return Said(Colours(primaries, (gamma or 2.2,)), place) if sane(primaries) else None


def curve_of(block: exif.Block) -> float | None:
    """The gamma in EXIF, or the one through the middle of TIFF's table; None without either."""
    if (named := numbers(block.exif, _GAMMA, block.order)) and 0.5 < named[0] < 4:
        return named[0]
    table = exif.all_numbers(block.main, _CURVE, block.order)
    if len(table) not in (256, 768):
        return None
    middle = table[128] / max(*table[:256], 1)
    return math.log(middle) / math.log(to_unit(Levels(128))) if 0.05 < middle < 0.95 else None


def numbers(directory: exif.Directory, tag: int, order: str) -> tuple[float, ...]:
    """A tag's fractions as numbers; empty where one has the denominator 0."""
    value = directory.get(tag)
    if value is None or value.kind != 5:
        return ()
    parts = struct.unpack(f"{order}{2 * value.count}I", value.data)
    over = parts[1::2]
    return tuple(a / b for a, b in zip(parts[::2], over, strict=True)) if all(over) else ()


def sane(primaries: tuple[float, ...]) -> bool:
    """Whether chromaticities make a triangle with an area: random numbers mostly do not."""
    if any(not 0 < one < 1 for one in primaries[1::2]) or any(
        not 0 <= one < 1 for one in primaries
    ):
        return False
    (rx, ry, gx, gy, bx, by), around = primaries[:6], 0.02
    return abs((gx - rx) * (by - ry) - (bx - rx) * (gy - ry)) > around
