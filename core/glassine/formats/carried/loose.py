"""Metadata that libvips does not read: captions, comments, IPTC, second pictures, and profile, EXIF
or XMP in unusual places."""

from __future__ import annotations

import binascii
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from . import iptc
from .exif import Block, parsed
from .pictures import holds_picture

Titled = tuple[tuple[str, ...], str, str]
"""Creators, rights, title."""

_IIM, _RESOURCES, _PACKET, _PROFILE, _BELOW = 0x83BB, 0x8649, 0x02BC, 0x8773, 0x014A
_RAW = "raw profile type "
_AUTHOR, _RIGHTS, _TITLE = ("author", "artist", "creator"), ("copyright",), ("title",)
_XMP = "XML:com.adobe.xmp"
_COLOURED = (b"\2", b"\3", b"\6")  # PNG's colour types with colour: RGB, palette, RGBA
_APPLICATIONS = range(0xE0, 0xF0)
_UNDERSTOOD = (
    *(b"JFIF\0", b"Exif\0", b"http://ns.adobe.com/xap/1.0/\0", b"ICC_PROFILE\0", b"Adobe", b"JP"),
)
"""Beginnings of application segments that are handled elsewhere."""
_SEGMENTS, _CHUNKS = 10_000, 1_000_000  # most that are read
_TEXT = 16 << 20  # most bytes of one text


@dataclass
class Loose:
    """What was found in one file.

    titled   creators, rights and title of each source, the best first
    kinds    of private metadata: NAME of each message "metadata.NAME"
    small    whether there is a thumbnail or another second picture
    mask     whether there is a transparency mask
    exif, xmp, icc, block  where the file has them in an unusual place, else None
    extended  further XMP packets, which did not fit into a JPEG's first segment
    """

    titled: list[Titled] = field(default_factory=list)
    kinds: set[str] = field(default_factory=set)
    small: bool = False
    mask: bool = False
    exif: bytes | None = None
    xmp: bytes | None = None
    icc: bytes | None = None
    block: Block | None = None
    extended: list[bytes] = field(default_factory=list)

    def add_iptc(self, data: bytes) -> None:
        """Adds what an IIM block, or Adobe's image resources around one, says."""
        told = iptc.said(data)
        self.titled.append(iptc.by_line(told))
        self.kinds |= iptc.dataset_kinds(told)
        self.small |= iptc.has_preview(data)


def of_jpeg(data: bytes) -> Loose:
    """A JPEG's segments before the pixels: comment, IPTC, extended XMP, further pictures."""
    found, pieces = Loose(), dict[bytes, bytes]()
    for marker, body in segments(data):
        if marker == 0xFE:
            found.kinds.add("words")
        elif marker == 0xED and body.startswith(b"Photoshop 3.0\0"):
            found.add_iptc(body)
        elif marker == 0xE1 and body.startswith(b"http://ns.adobe.com/xmp/extension/"):
            pieces[body[35:67]] = pieces.get(body[35:67], b"") + body[75:]
        elif marker in (0xE0, 0xE2) and second_picture(body):
            found.small = True
        elif marker in _APPLICATIONS and not body.startswith(_UNDERSTOOD):
            found.kinds.add("other")
            found.small |= holds_picture(body)
    found.extended = list(pieces.values())
    return found


def second_picture(body: bytes) -> bool:
    """Whether an application segment holds JFIF's thumbnail or lists further pictures (MPF)."""
    jfif = body.startswith(b"JFIF\0") and all(body[12:14])
    return jfif or body.startswith((b"JFXX\0", b"MPF\0"))


def segments(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Marker and body of each segment before the pixels."""
    at = 2
    for _ in range(_SEGMENTS):
        if data[at : at + 1] != b"\xff" or at + 4 > len(data) or data[at + 1] == 0xDA:
            return
        size = int.from_bytes(data[at + 2 : at + 4], "big")
        yield data[at + 1], data[at + 4 : at + 2 + size]
        at += 2 + size


def of_png(data: bytes) -> Loose:
    """A PNG's texts by their keywords: authorship, and raw profiles as ImageMagick and Krita write
    them."""
    found, told = Loose(icc=profile_of(data)), dict[str, str]()
    for name, text in texts(data):
        key = name.lower()
        if key.startswith(_RAW):
            add_profile(found, key.removeprefix(_RAW), unpacked(text))
        elif key in (*_AUTHOR, *_RIGHTS, *_TITLE):
            told.setdefault(key, text)
        elif name != _XMP:
            found.kinds.add({"software": "device", "creation time": "date"}.get(key, "words"))
    wanted = (_AUTHOR, _RIGHTS, _TITLE)
    author, rights, title = (next((told[n] for n in names if n in told), "") for names in wanted)
    found.titled.append(((author,) if author else (), rights, title))
    return found


def profile_of(data: bytes) -> bytes | None:
    """The ICC profile of a PNG with colours, also one of odd length, which libpng refuses."""
    at = data.find(b"iCCP", 0, data.find(b"IDAT"))
    if at < 4 or data[25:26] not in _COLOURED:
        return None
    size = int.from_bytes(data[at - 4 : at], "big")
    _, _, packed = data[at + 4 : at + 4 + size].partition(b"\0")
    try:
        return zlib.decompressobj().decompress(packed[1:], _TEXT) or None
    except zlib.error:
        return None


def texts(data: bytes) -> Iterator[tuple[str, str]]:
    """Keyword and text of each of a PNG's text chunks, including those after the pixels."""
    at = 8
    for _ in range(_CHUNKS):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind in (b"tEXt", b"zTXt", b"iTXt"):
            name, _, body = data[at + 8 : at + 8 + min(size, _TEXT)].partition(b"\0")
            yield name.decode("latin-1"), text_of(kind, body)
        at += 12 + size
        if at >= len(data):
            return


def text_of(kind: bytes, body: bytes) -> str:
    """The text in a text chunk's body, after the keyword; "" where it does not decompress."""
    packed = kind == b"zTXt" or (kind == b"iTXt" and body[:1] == b"\1")
    if kind == b"iTXt":
        body = body[2:].partition(b"\0")[2].partition(b"\0")[2]
    elif packed:
        body = body[1:]
    try:
        raw = zlib.decompressobj().decompress(body, _TEXT) if packed else body
    except zlib.error:
        return ""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return raw.decode("latin-1")


def add_profile(found: Loose, kind: str, data: bytes) -> None:
    """Adds a PNG's raw profile of that kind."""
    if kind in ("iptc", "8bim"):
        found.add_iptc(data)
    elif kind == "xmp" or (kind == "app1" and data.startswith(b"http://ns.adobe.com/xap")):
        found.xmp = data.partition(b"\0")[2] if kind == "app1" else data
    elif kind in ("exif", "app1"):
        found.exif = data
    elif kind not in ("icc", "icm"):
        found.kinds.add("other")


def unpacked(text: str) -> bytes:
    """A raw profile's bytes; its text is a name, a length, then lines of hexadecimal digits."""
    digits = "".join(text.split()[2:])
    try:
        return binascii.unhexlify(digits)
    except (binascii.Error, ValueError):
        return b""


def of_tiff(data: bytes) -> Loose:
    """A TIFF's first directory, which is read as EXIF, with IPTC and Photoshop's resources in it.

    Whether further directories are thumbnails or masks is decided in `formats/directories.py`.
    """
    found = Loose(block=parsed(data))
    if found.block:
        found.block = replace(found.block, thumbnail=False)
        found.block.main.pop(_BELOW, None)
        for tag in (_RESOURCES, _IIM):
            if value := found.block.main.get(tag):
                found.add_iptc(value.data)
        packet, profile = (found.block.main.get(tag) for tag in (_PACKET, _PROFILE))
        found.xmp = packet.data if packet else None
        found.icc = profile.data if profile else None
    return found
