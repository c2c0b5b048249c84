"""EXIF, which is a TIFF without pixels: directories of tagged values, read and written anew.

Only values that were parsed are written, so that no other bytes get into a copy. Layouts: TIFF 6.0,
EXIF 3.0; BigTIFF for files that are TIFF themselves.
"""

from __future__ import annotations

import struct
from collections.abc import Container
from dataclasses import dataclass, field, replace

from .pictures import holds_picture, spells_picture

_HEAD = b"Exif\0\0"
_ORDERS = {b"II": "<", b"MM": ">"}
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 129: 1}
_SIZES |= {13: 4, 16: 8, 17: 8, 18: 8}  # bytes of one value of each kind
_MOST, _CHAIN = 1000, 64  # most tags in a directory; most directories in a chain, or below one
_VALUE, _VALUES = 16 << 20, 64 << 20  # most bytes of one value; of all values of a file
_BELOW = 0x014A

_ARTIST, _COPYRIGHT, _XP_TITLE, _XP_AUTHOR = 0x013B, 0x8298, 0x9C9B, 0x9C9D
_EXIF, _PLACE, _OTHERS = 0x8769, 0x8825, 0xA005
_MADE = 0x927C
_TEXT, _LONG = 2, 4

ABOUT_PIXELS = {
    *range(0x00FE, 0x0104),
    *(0x0106, 0x010A, 0x0111, 0x0112, 0x0115),
    *(0x0116, 0x0117, 0x011A, 0x011B, 0x011C, 0x0128, 0x012D, 0x013D, 0x013E, 0x013F, 0x0140),
    *(0x0142, 0x0143, 0x0144, 0x0145, 0x014A, 0x0152, 0x0153, 0x015B, 0x0201, 0x0202, 0x0211),
    *(0x0212, 0x0213, 0x0214, 0x02BC, 0x83BB, 0x8649, 0x8773, 0xA001, 0xA002, 0xA003, 0xA500),
    *(_EXIF, _PLACE, _OTHERS, _MADE),
}
"""Tags that are never copied: those that describe the original's pixels, and those that hold
offsets. A maker's note has offsets into its own block, and holds previews."""

AUTHORSHIP = {_ARTIST, _COPYRIGHT, _XP_TITLE, _XP_AUTHOR}
_KINDS = {
    "owner": (0xA430, 0x9C9D),
    "words": (0x010D, 0x010E, 0x9286, 0x9C9C, 0x9C9E, 0x9C9F, 0xA40B, 0x4746, 0x4749),
    "date": (0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292),
}
_KIND = {tag: kind for kind, tags in _KINDS.items() for tag in tags}


@dataclass(frozen=True)
class Value:
    """A tag's value: the type's number, how many values, and their bytes in the file's order."""

    kind: int
    count: int
    data: bytes


Directory = dict[int, Value]


@dataclass(frozen=True)
class Block:
    """The directories of an EXIF block that are used.

    order      byte order, "<" or ">" as in `struct`
    main       IFD0
    exif       the Exif directory
    place      the GPS directory
    others     the interoperability directory
    thumbnail  whether there is a directory for a thumbnail; it is left out
    damaged    whether some of the block could not be read
    """

    order: str
    main: Directory = field(default_factory=dict)
    exif: Directory = field(default_factory=dict)
    place: Directory = field(default_factory=dict)
    others: Directory = field(default_factory=dict)
    thumbnail: bool = False
    damaged: bool = False

    @property
    def text(self) -> dict[int, str]:
        """The tags of authorship as text."""
        return {tag: read_text(tag, self.main[tag]) for tag in AUTHORSHIP if tag in self.main}

    @property
    def interop(self) -> str:
        """ "R98" where the colours are sRGB, "R03" where they are Adobe RGB; "" for neither."""
        value = self.others.get(1)
        return read_text(1, value) if value else ""


def parsed(data: bytes) -> Block | None:
    """The directories of an EXIF block or a TIFF file; None where the data is neither."""
    data = data.removeprefix(_HEAD)
    order = _ORDERS.get(data[:2])
    if order is None or len(data) < 8:
        return None
    reader = _Reader(data, order)
    if reader.magic not in (42, 43):
        return None
    main, second = reader.directory(reader.first)
    exif, _ = reader.directory(reader.pointer(main, _EXIF))
    place, _ = reader.directory(reader.pointer(main, _PLACE))
    others, _ = reader.directory(reader.pointer(exif, _OTHERS))
    return Block(order, main, exif, place, others, second > 0, reader.damaged)


def chained(data: bytes) -> tuple[str, list[tuple[Directory, list[Directory]]]]:
    """A TIFF's byte order, and each directory of its chain with its subdirectories."""
    order = _ORDERS.get(data[:2], "")
    if not order:
        return "", []
    reader = _Reader(data, order)
    found, at, seen = list[tuple[Directory, list[Directory]]](), reader.first, set[int]()
    while at and at not in seen and len(found) < _CHAIN:
        seen.add(at)
        own, at = reader.directory(at)
        places = all_numbers(own, _BELOW, order)[:_CHAIN]
        found.append((own, [reader.directory(place)[0] for place in places]))
    return order, found


def all_numbers(directory: Directory, tag: int, order: str) -> tuple[int, ...]:
    """The integers of a tag; empty where it is missing or of another type."""
    value = directory.get(tag)
    kind = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(value.kind, "") if value else ""
    return struct.unpack(f"{order}{value.count}{kind}", value.data) if value and kind else ()


class _Reader:
    """Reads directories by their offsets, and trusts no number of the file.

    `damaged` becomes true at the first value that cannot be read; `left` is how many more bytes of
    values may be read.
    """

    def __init__(self, data: bytes, order: str) -> None:
        self.data, self.order, self.damaged, self.left = data, order, False, _VALUES
        self.magic = self.number("H", 2)
        self.count, self.offset = ("Q", "Q") if self.magic == 43 else ("H", "I")
        self.first = self.number(self.offset, 8 if self.magic == 43 else 4)

    def number(self, kind: str, at: int) -> int:
        try:
            return int(struct.unpack_from(self.order + kind, self.data, at)[0])
        except (struct.error, OverflowError):  # BigTIFF's offsets have 64 bits
            self.damaged = True
            return 0

    def pointer(self, directory: Directory, tag: int) -> int:
        value = directory.get(tag)
        if value is None:
            return 0
        at = {4: "I", 8: "Q"}.get(len(value.data), "")
        return int(struct.unpack(self.order + at, value.data)[0]) if at else 0

    def directory(self, at: int) -> tuple[Directory, int]:
        """The values of the directory at that offset, and the offset of the next; 0 for none."""
        if not at:
            return {}, 0
        wide = struct.calcsize("=" + self.offset)
        number, start = self.number(self.count, at), at + struct.calcsize("=" + self.count)
        self.damaged |= number > _MOST
        found: Directory = {}
        for entry in range(start, start + (4 + 2 * wide) * min(number, _MOST), 4 + 2 * wide):
            if entry + 4 + 2 * wide > len(self.data):
                self.damaged = True
                break
            tag, kind = self.number("H", entry), self.number("H", entry + 2)
            count = self.number(self.offset, entry + 4)
            if value := self.value(kind, count, entry + 4 + wide, wide):
                found.setdefault(tag, value)
        end = start + (4 + 2 * wide) * number
        return found, self.number(self.offset, end) if end + wide <= len(self.data) else 0

    def value(self, kind: int, count: int, at: int, wide: int) -> Value | None:
        size = _SIZES.get(kind, 0) * count
        start = at if size <= wide else self.number(self.offset, at)
        self.left -= size
        if start + size > len(self.data) or size > _VALUE or self.left < 0:
            self.damaged = True
            return None
        return Value(kind, count, self.data[start : start + size]) if size else None


def read_text(tag: int, value: Value) -> str:
    """Microsoft's tags are UTF-16; the others should be ASCII and mostly are UTF-8."""
    if tag in (_XP_TITLE, _XP_AUTHOR):
        return value.data.decode("utf-16-le", "replace").partition("\0")[0].strip()
    raw = value.data.rstrip(b"\0 ").replace(b"\0", b"; ")  # a copyright may name two holders
    try:
        return raw.decode().strip()
    except UnicodeDecodeError:
        return raw.decode("latin-1").strip()


def signed_by(text: dict[int, str]) -> tuple[tuple[str, ...], str, str]:
    """Creators, rights and title, out of a block's text."""
    names = text.get(_ARTIST) or text.get(_XP_AUTHOR) or ""
    creators = tuple(name.strip() for name in names.split(";") if name.strip())
    return creators, text.get(_COPYRIGHT, ""), text.get(_XP_TITLE, "")


def whole(block: Block) -> tuple[Block, bool]:
    """The block without what is not true of a copy, and whether pictures were left out."""
    parts = {name: getattr(block, name) for name in ("main", "exif", "place")}
    told = {name: without(part, ABOUT_PIXELS) for name, part in parts.items()}
    kept = {name: unpictured(part) for name, part in told.items()}
    pictures = block.thumbnail or 0x014A in block.main or holds(block.exif.get(_MADE))
    seen = Block(block.order, kept["main"], kept["exif"], kept["place"])
    return seen, pictures or kept != told


def unpictured(directory: Directory) -> Directory:
    """The directory without values that could be pictures."""
    return {tag: value for tag, value in directory.items() if not is_picture(value)}


def without(directory: Directory, tags: Container[int]) -> Directory:
    return {tag: value for tag, value in directory.items() if tag not in tags}


def holds(value: Value | None) -> bool:
    return value is not None and holds_picture(value.data)


def is_picture(value: Value) -> bool:
    return holds_picture(value.data) or spells_picture(value.data.decode("latin-1"))


def told_kinds(block: Block) -> set[str]:
    """What kinds of private metadata it holds: NAME of each message "metadata.NAME"."""
    main, exif = without(block.main, ABOUT_PIXELS | AUTHORSHIP), without(block.exif, ABOUT_PIXELS)
    told = {_KIND.get(tag, "device") for tag in (*main, *exif)}
    if block.place:
        told.add("place")
    if _MADE in block.exif:
        told.add("device")
    return told


def built(block: Block) -> bytes:
    """The block as bytes, with EXIF's header."""
    body = bytearray(b"II*\0" if block.order == "<" else b"MM\0*") + bytes(4)

    def put(directory: Directory) -> int:
        at = len(body)
        body.extend(laid(directory, block.order, at))
        return at

    main = dict(block.main)
    for tag, part in ((_EXIF, block.exif), (_PLACE, block.place)):
        if part:
            main[tag] = Value(_LONG, 1, struct.pack(block.order + "I", put(part)))
    struct.pack_into(block.order + "I", body, 4, put(main))
    return _HEAD + bytes(body)


def laid(directory: Directory, order: str, at: int) -> bytes:
    """A directory and, after it, its longer values, as bytes for offset `at` of the block."""
    table, values = bytearray(struct.pack(order + "H", len(directory))), bytearray()
    after = at + 2 + 12 * len(directory) + 4
    for tag, value in sorted(directory.items()):
        table += struct.pack(order + "HHI", tag, value.kind, value.count)
        if len(value.data) <= 4:
            table += value.data.ljust(4, b"\0")
        else:
            table += struct.pack(order + "I", after + len(values))
            values += value.data + bytes(len(value.data) % 2)
    return bytes(table + bytes(4) + values)


def authored(creators: tuple[str, ...], rights: str, onto: Block | None = None) -> Block:
    """A block that names these creators and rights, added to another block where one is given."""
    block = onto or Block("<")
    said = {_ARTIST: "; ".join(creators), _COPYRIGHT: rights}
    main = without(block.main, AUTHORSHIP)
    for tag, text in said.items():
        if text:
            data = text.encode() + b"\0"
            main[tag] = Value(_TEXT, len(data), data)
    return replace(block, main=main)
