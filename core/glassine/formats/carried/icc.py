"""A colour profile reduced to the tags that define its colours.

A monitor's own profile holds its serial number, the day it was measured and often its owner's name;
any profile has room for a picture. Layout: ICC.1:2022, 7.2 and 7.3; tags: 9.2.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from .. import profiles
from .pictures import holds_picture

COLOURS = {
    *(b"wtpt", b"bkpt", b"chad", b"rXYZ", b"gXYZ", b"bXYZ", b"rTRC", b"gTRC", b"bTRC", b"cicp"),
    *(name + digit for name in (b"A2B", b"B2A", b"D2B", b"B2D") for digit in (b"0", b"1", b"2")),
    *(b"D2B3", b"B2D3", b"gamt", b"lumi", b"meas", b"view", b"rig0", b"rig2", b"chrm"),
}
_NAMES = (b"desc", b"cprt")
_OF_ONE_MONITOR = {b"vcgt", b"mmod", b"meta", b"ndin", b"MS00"}
_HEAD, _MOST = 128, 100  # bytes of the header; most tags
_MADE = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)  # date of creation, the same in every copy


@dataclass(frozen=True)
class Profile:
    """The profile as it may be published.

    data     None where it was no profile for RGB pictures
    device   whether it had tags about a device or a date
    picture  whether one of its tags could hold a picture
    """

    data: bytes | None
    device: bool = False
    picture: bool = False


def cleaned(data: bytes) -> Profile:
    """The profile to publish; byte for byte the same where it defines nothing but colours."""
    tags = read_tags(data)
    if tags is None:
        return Profile(None)
    names = {name: body for name, body in tags if name in _NAMES and not holds_picture(body)}
    kept = [(name, body) for name, body in tags if name in COLOURS or name in names]
    behind = data[ends_at(data) :].strip(b"\0")
    picture = any(holds_picture(body[8:]) for name, body in tags if name not in COLOURS)
    picture |= holds_picture(behind)
    if kept == tags and not behind and len(data) % 4 == 0:
        return Profile(data)
    told = {name for name, _ in tags} - COLOURS - set(_NAMES)
    if told & _OF_ONE_MONITOR or b"desc" not in names:
        kept = [(b"desc", named(data[8])), *(one for one in kept if one[0] != b"desc")]
    return Profile(built(data[:_HEAD], kept), bool(told), picture)


def read_tags(data: bytes) -> list[tuple[bytes, bytes]] | None:
    """Name and body of each tag; None for data that is no valid profile of an RGB picture."""
    sound = data[36:40] == b"acsp" and data[16:20] == b"RGB " and data[20:24] in (b"XYZ ", b"Lab ")
    if not sound or data[12:16] not in (b"scnr", b"mntr", b"prtr", b"spac") or len(data) < 132:
        return None
    count = int.from_bytes(data[_HEAD:132], "big")
    if not 0 < count <= _MOST or len(data) < 132 + 12 * count:
        return None
    found = []
    for name, at, size in struct.iter_unpack(">4sII", data[132 : 132 + 12 * count]):
        if at + size > len(data) or at < 132 or size < 8:
            return None
        found.append((name, data[at : at + size]))
    return found


def ends_at(data: bytes) -> int:
    """The offset at which the profile's last tag ends."""
    count = int.from_bytes(data[_HEAD:132], "big")
    rows = struct.iter_unpack(">4sII", data[132 : 132 + 12 * count])
    return max(int(at) + int(size) for _, at, size in rows)


def named(version: int) -> bytes:
    """A neutral name for a profile whose own is missing or tells too much (ICC 2 or 4)."""
    if version >= 4:
        return profiles.localised("RGB")
    text = b"RGB\0"
    return b"desc" + struct.pack(">4xI", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)


def built(head: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """A profile of these tags, without maker, model, date and the old profile's digest.

    head  the old profile's header
    """
    table, body = struct.pack(">I", len(tags)), b""
    at = _HEAD + 4 + 12 * len(tags)
    placed = dict[bytes, int]()
    for name, data in tags:
        if data not in placed:  # equal tags, such as the three curves, are stored once
            placed[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", placed[data], len(data))
    new = bytearray(head)
    new[:4] = struct.pack(">I", at + len(body))
    new[4:8] = new[80:84] = new[48:52] = new[52:56] = bytes(4)
    new[24:36], new[84:100] = _MADE, bytes(16)
    return bytes(new) + table + body
