"""The EXIF block, made fit to leave the engine: upright, and without pictures inside it."""

from __future__ import annotations

import struct

_HEAD = b"Exif\0\0"
_ORIENTATION, _START, _SIZE = 0x0112, 0x0201, 0x0202
_ENTRY = 12  # bytes
_JPEG = b"\xff\xd8\xff"


def cleaned(block: bytes) -> tuple[bytes | None, bool]:
    """The block without previews, and whether it had one; None where it cannot be understood.

    The first directory keeps its tags, with the orientation set to upright. The second is the
    thumbnail; it is cut off and blanked. Makers hide larger previews in places of their own:
    a block that still holds a JPEG is dropped as a whole.
    """
    head = len(_HEAD) if block.startswith(_HEAD) else 0
    data = bytearray(block[head:])
    try:
        order = {b"II": "<", b"MM": ">"}[bytes(data[:2])]
        (first,) = struct.unpack_from(order + "I", data, 4)
        set_upright(data, order, first)
        end = first + 2 + _ENTRY * count(data, order, first)
        (second,) = struct.unpack_from(order + "I", data, end)
        struct.pack_into(order + "I", data, end, 0)
        if second:
            blank_picture(data, order, second)
    except (KeyError, struct.error):
        return None, _JPEG in block
    if _JPEG in data:
        return None, True
    return block[:head] + bytes(data), second > 0


def count(data: bytearray, order: str, at: int) -> int:
    return int(struct.unpack_from(order + "H", data, at)[0])


def set_upright(data: bytearray, order: str, at: int) -> None:
    for number in range(count(data, order, at)):
        entry = at + 2 + _ENTRY * number
        if struct.unpack_from(order + "H", data, entry)[0] == _ORIENTATION:
            struct.pack_into(order + "H", data, entry + 8, 1)


def blank_picture(data: bytearray, order: str, at: int) -> None:
    found = {}
    for number in range(count(data, order, at)):
        tag, _, _, value = struct.unpack_from(order + "HHII", data, at + 2 + _ENTRY * number)
        found[tag] = value
    start, size = found.get(_START, 0), found.get(_SIZE, 0)
    end = min(start + size, len(data))
    data[start:end] = bytes(max(end - start, 0))
