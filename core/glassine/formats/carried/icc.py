"""A colour profile without what it tells of the device: only tags that colours are made of.

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
_HEAD, _MOST = 128, 100  # bytes; tags
_MADE = struct.pack(">6H", 2026, 1, 1, 0, 0, 0)  # always the same day


@dataclass(frozen=True)
class Profile:
    """What is published of it; `data` is None where it is none for red, green and blue.

    device   whether it told of a device, or of a day
    picture  whether something in it could be a picture
    """

    data: bytes | None
    device: bool = False
    picture: bool = False


def cleaned(data: bytes) -> Profile:
    """Byte for byte the same where it tells of colours only."""
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
    """Name and body of each; None for what no writer takes as a profile of an RGB picture."""
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
    """Where the last of its tags ends."""
    count = int.from_bytes(data[_HEAD:132], "big")
    rows = struct.iter_unpack(">4sII", data[132 : 132 + 12 * count])
    return max(int(at) + int(size) for _, at, size in rows)


def named(version: int) -> bytes:
    """A name for a profile whose own one tells too much."""
    if version >= 4:
        return profiles.localised("RGB")
    text = b"RGB\0"
    return b"desc" + struct.pack(">4xI", len(text)) + text + bytes(4 + 4 + 2 + 1 + 67)


def built(head: bytes, tags: list[tuple[bytes, bytes]]) -> bytes:
    """The profile anew: without maker, model, day and the digest of what it was."""
    table, body = struct.pack(">I", len(tags)), b""
    at = _HEAD + 4 + 12 * len(tags)
    placed = dict[bytes, int]()
    for name, data in tags:
        if data not in placed:  # three curves may be one
            placed[data] = at + len(body)
            body += data + bytes(-len(data) % 4)
        table += name + struct.pack(">II", placed[data], len(data))
    new = bytearray(head)
    new[:4] = struct.pack(">I", at + len(body))
    new[4:8] = new[80:84] = new[48:52] = new[52:56] = bytes(4)
    new[24:36], new[84:100] = _MADE, bytes(16)
    return bytes(new) + table + body
