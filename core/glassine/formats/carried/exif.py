"""EXIF, which is a TIFF without pixels: directories of tagged values, read and written anew.

Nothing is copied that was not understood, so that no value can hide behind another. Layouts: TIFF
6.0, EXIF 3.0; BigTIFF for files that are TIFF themselves.
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
_MOST, _CHAIN = 1000, 64  # tags of one directory; directories one after the other, or below one
_VALUE, _VALUES = 16 << 20, 64 << 20  # bytes of one value; of all that are read of one file
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
"""Tags that describe pixels as they were stored, or point to something: the writer makes its own.
A maker's note points into the block that it was in, and holds previews."""

AUTHORSHIP = {_ARTIST, _COPYRIGHT, _XP_TITLE, _XP_AUTHOR}
_KINDS = {
    "owner": (0xA430, 0x9C9D),
    "words": (0x010D, 0x010E, 0x9286, 0x9C9C, 0x9C9E, 0x9C9F, 0xA40B, 0x4746, 0x4749),
    "date": (0x0132, 0x9003, 0x9004, 0x9010, 0x9011, 0x9012, 0x9290, 0x9291, 0x9292),
}
_KIND = {tag: kind for kind, tags in _KINDS.items() for tag in tags}


@dataclass(frozen=True)
class Value:
    """As it stands in the file, in the file's byte order."""

    kind: int
    count: int
    data: bytes


Directory = dict[int, Value]


@dataclass(frozen=True)
class Block:
    """The directories that mean something.

    order      "<" or ">" of `struct`
    thumbnail  whether there is a second picture's directory, which is left out
    damaged    whether something in it could not be followed
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
        """What tells authorship, readable."""
        return {tag: read_text(tag, self.main[tag]) for tag in AUTHORSHIP if tag in self.main}

    @property
    def interop(self) -> str:
        """ "R98" where the colours are sRGB, "R03" where they are Adobe RGB; "" for neither."""
        value = self.others.get(1)
        return read_text(1, value) if value else ""


def parsed(data: bytes) -> Block | None:
    """An EXIF block, or a TIFF file; None where it is neither."""
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
    """The byte order and, of a TIFF, each directory of the chain with those below it."""
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
    """The whole numbers of a tag."""
    value = directory.get(tag)
    kind = {3: "H", 4: "I", 13: "I", 16: "Q", 18: "Q"}.get(value.kind, "") if value else ""
    return struct.unpack(f"{order}{value.count}{kind}", value.data) if value and kind else ()


class _Reader:
    """Directories by their offsets; numbers of the file are never trusted."""

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
        """Its values, and where the next one is; 0 for nowhere."""
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
    """Everything that still holds for the copy, and whether pictures were left out."""
    parts = {name: getattr(block, name) for name in ("main", "exif", "place")}
    told = {name: without(part, ABOUT_PIXELS) for name, part in parts.items()}
    kept = {name: unpictured(part) for name, part in told.items()}
    pictures = block.thumbnail or 0x014A in block.main or holds(block.exif.get(_MADE))
    seen = Block(block.order, kept["main"], kept["exif"], kept["place"])
    return seen, pictures or kept != told


def unpictured(directory: Directory) -> Directory:
    return {tag: value for tag, value in directory.items() if not is_picture(value)}


def without(directory: Directory, tags: Container[int]) -> Directory:
    return {tag: value for tag, value in directory.items() if tag not in tags}


def holds(value: Value | None) -> bool:
    return value is not None and holds_picture(value.data)


def is_picture(value: Value) -> bool:
    return holds_picture(value.data) or spells_picture(value.data.decode("latin-1"))


def told_kinds(block: Block) -> set[str]:
    """What it tells besides authorship and pixels: names of rows `metadata.NAME`."""
    main, exif = without(block.main, ABOUT_PIXELS | AUTHORSHIP), without(block.exif, ABOUT_PIXELS)
    told = {_KIND.get(tag, "device") for tag in (*main, *exif)}
    if block.place:
        told.add("place")
    if _MADE in block.exif:
        told.add("device")
    return told


def built(block: Block) -> bytes:
    """The block as bytes, with its head."""
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
    """A directory and, behind it, its longer values, as they stand from byte `at` on."""
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
    """A block that says whose it is, on top of what another one says."""
    block = onto or Block("<")
    said = {_ARTIST: "; ".join(creators), _COPYRIGHT: rights}
    main = without(block.main, AUTHORSHIP)
    for tag, text in said.items():
        if text:
            data = text.encode() + b"\0"
            main[tag] = Value(_TEXT, len(data), data)
    return replace(block, main=main)
