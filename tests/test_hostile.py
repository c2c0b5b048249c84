"""Readers of XMP, EXIF, IPTC, PNG texts, TIFF directories and .kra, given what nobody would write.

A short run here. The long one: GLASSINE_FUZZ=600 python -m pytest tests/test_hostile.py, which is
about as many seconds for each reader; what it finds becomes an example below.
"""

import io
import os
import struct
import zipfile

import planted
from glassine.errors import GlassineError
from glassine.flow.read import read
from glassine.formats import described, directories
from glassine.formats.carried import exif, iptc, loose, xmp
from glassine.marks import containers
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from planted import CREATOR, IIM, RESOURCES, exif_of, packet

SECONDS = int(os.environ.get("GLASSINE_FUZZ", "0"))
hostile = settings(
    max_examples=200 * SECONDS or 150,
    suppress_health_check=list(HealthCheck),
    deadline=None,
    derandomize=not SECONDS,
)
BLOCK = exif_of(note=b"Maker\0" + bytes(300)).tobytes()
TIFF = planted.plain("tiff")
PNG = planted.plain("png")
WIDTH = struct.pack("<HHI", 256, 4, 1)
VAST = TIFF.replace(WIDTH + struct.pack("<I", 64), WIDTH + struct.pack("<I", 0x7F000040))


def mutated(*seeds):
    """Bytes that begin as something valid: with bytes changed, a stretch doubled, the end cut."""

    @st.composite
    def draw(pick):
        data = bytearray(pick(st.sampled_from(seeds)))
        for _ in range(pick(st.integers(0, 12))):
            if not data:
                break
            at = pick(st.integers(0, len(data) - 1))
            data[at] = pick(
                st.sampled_from((0, 1, 0x7F, 0x80, 0xFE, 0xFF, pick(st.integers(0, 255))))
            )
        if pick(st.booleans()):
            start, end = sorted((pick(st.integers(0, len(data))), pick(st.integers(0, len(data)))))
            data[start:start] = data[start:end][:2000]
        return bytes(data[: pick(st.integers(0, len(data)))] if pick(st.booleans()) else data)

    return draw() | st.binary(max_size=400)


@hostile
@example(b"\xff\xfe\0\0" + b"<\0\0\0")
@example(b"<r:RDF xmlns:r='%s'/>" % xmp.RDF.encode())
@given(mutated(packet(CREATOR), packet(CREATOR).decode().encode("utf-16")))
def test_xmp(data):
    try:
        found = xmp.properties(data)
    except xmp.Refused:
        return
    said, licensors = xmp.authorship(found)
    others = [one for one in found if not xmp.false(one)]
    again, _ = xmp.authorship(xmp.properties(xmp.packet_of(said, licensors)))
    assert again.keys() == said.keys()
    assert xmp.packet_of(said, licensors, others) and xmp.kinds(found) is not None


@hostile
@example(b"II*\0\x08\0\0\0\xff\xff" + bytes(20))
@given(mutated(BLOCK, TIFF))
def test_exif(data):
    block = exif.parsed(data)
    directories.chosen(data)
    described.of_tiff(block)
    if block is None:
        return
    assert isinstance(exif.told_kinds(block), set) and isinstance(block.interop, str)
    kept, _ = exif.whole(block)
    assert exif.whole(exif.parsed(exif.built(kept)))[0] == kept, "what is written is what was read"


@hostile
@example(b"8BIM\x04\x04\0\0\xff\xff\xff\xff")
@given(mutated(RESOURCES, IIM))
def test_iptc(data):
    told = iptc.said(data)
    assert iptc.dataset_kinds(told) is not None and len(iptc.by_line(told)) == 3
    iptc.has_preview(data)


@hostile
@given(mutated(PNG, planted.plain("jpeg", exif=BLOCK), planted.plain("avif"), TIFF))
def test_what_stands_around_pixels(data):
    for look in (loose.of_png, loose.of_jpeg, loose.of_tiff):
        assert look(data)
    try:
        described.colours_of(data, "it")
        containers.check_metadata(data)
    except GlassineError:
        pass


def kra(flat):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as folder:
        folder.writestr("mimetype", "application/x-krita")
        folder.writestr("mergedimage.png", flat)
    return stream.getvalue()


@hostile
@example(VAST)
@given(mutated(kra(PNG), PNG, TIFF, planted.plain("jpeg", exif=BLOCK), planted.plain("webp")))
def test_whole_files(data):
    try:
        artwork = read(data)
    except GlassineError:
        return
    assert artwork.rgb.shape[0] == 3 and artwork.rgb.isfinite().all()


def test_many_values_of_the_same_bytes_are_not_copied_without_end():
    """A thousand tags, each as long as the file: 20 GB where each had a copy of its own."""
    size = 20 << 20
    entries = b"".join(struct.pack("<HHII", tag, 7, size, 0) for tag in range(1000))
    data = struct.pack("<2sHIH", b"II", 42, 8, 1000) + entries
    block = exif.parsed(data + bytes(size))
    assert block.damaged and sum(len(value.data) for value in block.main.values()) <= 64 << 20
