"""What every reader of a stranger's file has to stand: for any bytes it answers or refuses.

Each reader here takes bytes and raises AssertionError, or whatever broke, where it does not. A
short run is in tests/test_hostile.py, the long one is tests/fuzz.py.
"""

import functools
import io
import struct
import zipfile
import zlib

import planted
from glassine.errors import GlassineError
from glassine.flow.read import read
from glassine.formats import described, directories
from glassine.formats.carried import exif, icc, iptc, loose, pictures, xmp
from glassine.marks import c2pa, certificate, containers
from glassine.pixels.packet import CC, PLUS, Refused, properties
from glassine.pixels.packet import PREFIXES as SPACES
from glassine.types import Claim
from planted import CREATOR, IIM, RESOURCES, exif_of, packet

BLOCK = exif_of(note=b"Maker\0" + bytes(300)).tobytes()
TIFF, PNG, AVIF = planted.plain("tiff"), planted.plain("png"), planted.plain("avif")
JPEG = planted.plain("jpeg", exif=BLOCK)


def xmp_of(data):
    try:
        found = properties(data)
    except Refused:
        return
    said, licensors = xmp.authorship(found)
    others = [one for one in found if not xmp.false(one)]
    again, _ = xmp.authorship(properties(xmp.packet_of(said, licensors)))
    assert again.keys() == said.keys()
    assert xmp.packet_of(said, licensors, others) and xmp.kinds(found) is not None


def exif_of_bytes(data):
    block = exif.parsed(data)
    directories.chosen(data)
    described.of_tiff(block)
    described.of_camera(block)
    if block is None:
        return
    assert isinstance(exif.told_kinds(block), set) and isinstance(block.interop, str)
    kept, _ = exif.whole(block)
    assert exif.whole(exif.parsed(exif.built(kept)))[0] == kept, "what is written is what was read"


def iptc_of(data):
    told = iptc.said(data)
    assert iptc.dataset_kinds(told) is not None and len(iptc.by_line(told)) == 3
    iptc.has_preview(data)


def around_pixels(data):
    for look in (loose.of_png, loose.of_jpeg, loose.of_tiff):
        assert look(data)
    cleaned = icc.cleaned(data).data
    assert cleaned is None or icc.cleaned(cleaned).data == cleaned
    assert pictures.spells_picture(data.decode("latin-1")) in (True, False)
    try:
        described.colours_of(data, "it")
        containers.check_metadata(data)
    except GlassineError:
        pass


def manifest(data):
    """A signed file as it is, and as a reader finds it after its sums were made right again."""
    for one in (data, with_sums(data)):
        try:
            found = c2pa.read(one)
        except GlassineError:
            continue
        assert found is None or str(found.says)


def kra(data):
    """A damaged archive; and a sound one that holds a damaged picture, its sums made right."""
    for one in (data, archive(with_sums(data))):
        try:
            artwork = read(one)
        except GlassineError:
            continue
        assert artwork.rgb.shape[0] == 3 and artwork.rgb.isfinite().all()


def archive(flat):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as folder:
        folder.writestr("mimetype", "application/x-krita")
        folder.writestr("mergedimage.png", flat)
    return stream.getvalue()


def with_sums(data):
    """A PNG whose chunks' sums are right, so that what is in them is looked at."""
    if data[:8] != PNG[:8]:
        return data
    parts, at = [data[:8]], 8
    while at + 12 <= len(data):
        size = min(int.from_bytes(data[at : at + 4], "big"), len(data) - at - 12)
        body = data[at + 4 : at + 8 + size]
        parts.append(struct.pack(">I", size) + body + struct.pack(">I", zlib.crc32(body)))
        at += 12 + size
    return b"".join(parts)


@functools.cache
def signed(kind="png"):
    claim = Claim(creator="Ann")
    return c2pa.sign(planted.plain(kind), claim, certificate.signing(name="Ann"))


SPOKEN = packet(
    f"{CREATOR}<p:Licensor><r:Bag><r:li r:parseType='Resource' p:LicensorName='Änne'/></r:Bag>"
    "</p:Licensor><d:rights><r:Alt><r:li xml:lang='de'>©</r:li></r:Alt></d:rights><t:Orientation>"
    "6</t:Orientation><g:Thumbnails><r:li><g:image>/9j/4AAQSkZJRgAB</g:image></r:li>"
    "</g:Thumbnails><c:license r:resource='https://a.example/'/>",
    f"xmlns:p='{PLUS}' xmlns:t='{SPACES['tiff']}' xmlns:g='{xmp.SMALL}' xmlns:c='{CC}' "
    "t:Artist='Änne' t:Make='Leica'",
)
"""A packet with a property of every form that one can have."""

READERS = {
    "xmp": (xmp_of, lambda: [SPOKEN, packet(CREATOR), packet(CREATOR).decode().encode("utf-16")]),
    "exif": (exif_of_bytes, lambda: [BLOCK, TIFF]),
    "iptc": (iptc_of, lambda: [RESOURCES, IIM]),
    "around": (around_pixels, lambda: [PNG, JPEG, AVIF, TIFF, planted.profile()]),
    "manifest": (manifest, lambda: [signed("png"), signed("jpeg"), signed("webp")]),
    "kra": (kra, lambda: [archive(PNG), PNG, TIFF, JPEG, planted.plain("webp")]),
}
"""Name -> the reader and bytes to begin with."""

_XML = (
    b"<r:Description |<r:li>|</r:li>|<r:Bag>|</r:Bag>| r:resource='|xmlns:|<![CDATA[|]]>|&#0;|&a;"
)
_HEADS = b"<!DOCTYPE x [<!ENTITY a 'b'>]>|<?xml version='1.0' encoding='utf-7'?>|\xff\xfe|\xfe\xff"
WORDS = {
    *(name.rpartition("}")[2].encode() for name in xmp.FORMS),
    *(address.encode() for address in SPACES.values()),
    *(_XML + b"|" + _HEADS + b"|\x1c\x02|8BIM|Exif\0\0|II*\0|MM\0*").split(b"|"),
}
"""What a reader looks for: bytes that chance alone would hardly ever put together."""
