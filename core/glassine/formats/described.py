"""Where a file says what its colours are, besides its profile: chunks, boxes, tags."""

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
_INSIDE = {b"meta": 4, b"iprp": 0, b"ipco": 0}  # box -> bytes before its own boxes
_BOXES = 10_000


@dataclass(frozen=True)
class Said:
    """What it says, where, and whether that goes before a profile."""

    colours: Colours
    where: str
    first: bool = False


def colours_of(data: bytes, what: Field) -> Said | None:
    """None where nothing but sRGB, or nothing, is said."""
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
    """What EXIF says, or else the name of a profile that XMP still has and the file lost.

    Cameras say Adobe RGB by the rule of file names (DCF 2.0, option file R03), others by a number
    that EXIF does not know.
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
    """Where it says that its colours are not sRGB without saying which; "" where it does not.

    Never what it says: profiles are called after monitors and their owners; a page has the notes.
    """
    if named and not named.startswith("sRGB"):
        return _NAME_ONLY
    if block is None or block.interop:
        return ""
    spaces = exif.all_numbers(block.exif, _SPACE, block.order)
    return "EXIF" if spaces and spaces[0] != _SRGB else ""


def of_png(data: bytes, what: Field) -> Said | None:
    """cICP goes before iCCP, iCCP before sRGB, and that before cHRM and gAMA (PNG 3, 4.3)."""
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
    """Name and body of each small chunk before the pixels."""
    at = 8
    while at + 8 <= len(data) and data[at + 4 : at + 8] != b"IDAT":
        size = int.from_bytes(data[at : at + 4], "big")
        yield data[at + 4 : at + 8], data[at + 8 : at + 8 + min(size, 64)]
        at += 12 + size


def of_avif(data: bytes, what: Field) -> Said | None:
    """The box `colr` of kind `nclx`; one of kind `prof` is a profile, and libvips has it."""
    for name, body in boxes(data, 0, len(data)):
        if name == b"colr" and body[:4] == b"nclx" and len(body) >= 8:
            primaries, transfer = struct.unpack(">HH", body[4:8])
            coded = profiles.coded(primaries, transfer, what)
            return Said(coded, "nclx") if coded else None
    return None


def boxes(data: bytes, at: int, end: int, left: int = _BOXES) -> Iterator[tuple[bytes, bytes]]:
    """Boxes on the way to the properties of the pictures, with the first bytes of their bodies."""
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
    """White point, chromaticities and transfer function (TIFF 6.0, section 20)."""
    return of_tags(block, "PrimaryChromaticities") if block else None


def of_tags(block: exif.Block, where: str) -> Said | None:
    """Without a curve a gamma of 2.2 is taken, as TIFF 6.0 does; without primaries sRGB's."""
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
    """The gamma that EXIF names, or that goes through the middle of TIFF's table."""
    if (named := numbers(block.exif, _GAMMA, block.order)) and 0.5 < named[0] < 4:
        return named[0]
    table = exif.all_numbers(block.main, _CURVE, block.order)
    if len(table) not in (256, 768):
        return None
    middle = table[128] / max(*table[:256], 1)
    return math.log(middle) / math.log(to_unit(Levels(128))) if 0.05 < middle < 0.95 else None


def numbers(directory: exif.Directory, tag: int, order: str) -> tuple[float, ...]:
    """A tag's fractions; none where one is broken."""
    value = directory.get(tag)
    if value is None or value.kind != 5:
        return ()
    parts = struct.unpack(f"{order}{2 * value.count}I", value.data)
    over = parts[1::2]
    return tuple(a / b for a, b in zip(parts[::2], over, strict=True)) if all(over) else ()


def sane(primaries: tuple[float, ...]) -> bool:
    """A triangle with an inside, and a white: what numbers by chance are not."""
    if any(not 0 < one < 1 for one in primaries[1::2]) or any(
        not 0 <= one < 1 for one in primaries
    ):
        return False
    (rx, ry, gx, gy, bx, by), around = primaries[:6], 0.02
    return abs((gx - rx) * (by - ry) - (bx - rx) * (gy - ry)) > around
