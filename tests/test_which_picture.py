"""The picture of several: thumbnails before, behind and above it, pages, HEIC, Krita's archives."""

import io
import struct
import zipfile

import numpy as np
import pytest
import pyvips
import torch
from glassine.errors import EntryMissing, NotUsable
from glassine.flow.read import read
from glassine.formats import heic
from glassine.formats.carried import xmp
from glassine.pixels.grid import to_tensor
from PIL import Image
from planted import pixels, plain

FULL, SMALL = pixels(1, (96, 128)), pixels(2, (40, 48))
REDUCED, PAGE, MASK = 1, 2, 4


def tiff(*rows, order="<"):
    """Each row is (pixels, tag 254 or None, rows below it, more tags)."""
    body = bytearray((b"II*\0" if order == "<" else b"MM\0*") + bytes(4))

    def strip(picture):
        at = len(body)
        body.extend(picture.tobytes())
        return at

    def directory(picture, kind=None, below=(), more=None):
        high, wide = picture.shape[:2]
        tags = {256: (4, wide), 257: (4, high), 258: (3, 8, 8, 8), 259: (3, 1), 262: (3, 2)}
        tags |= {273: (4, strip(picture)), 277: (3, 3), 278: (4, high), 279: (4, picture.size)}
        tags |= {} if kind is None else {254: (4, kind)}
        tags |= {330: (4, *(directory(*one)[0] for one in below))} if below else {}
        tags |= more or {}
        values, entries = {}, b""
        for tag, (what, *numbers) in sorted(tags.items()):
            packed = struct.pack(f"{order}{len(numbers)}{'H' if what == 3 else 'I'}", *numbers)
            if len(packed) > 4:
                values[tag] = len(body)
                body.extend(packed)
        at = len(body)
        for tag, (what, *numbers) in sorted(tags.items()):
            packed = struct.pack(f"{order}{len(numbers)}{'H' if what == 3 else 'I'}", *numbers)
            place = struct.pack(order + "I", values[tag]) if tag in values else packed
            entries += struct.pack(order + "HHI", tag, what, len(numbers)) + place.ljust(4, b"\0")
        body.extend(struct.pack(order + "H", len(tags)) + entries + bytes(4))
        return at, at + 2 + 12 * len(tags)

    last = 4
    for row in rows:
        at, end = directory(*row)
        struct.pack_into(order + "I", body, last, at)
        last = end
    return bytes(body)


TIFFS = {
    "a thumbnail above it": tiff((SMALL, REDUCED, [(FULL, 0)])),
    "a thumbnail that does not say so above it": tiff((SMALL, None, [(FULL, 0)])),
    "a thumbnail behind it": tiff((FULL, 0), (SMALL, REDUCED)),
    "a thumbnail before it": tiff((SMALL, REDUCED), (FULL, 0)),
    "thumbnails on all sides": tiff((SMALL, REDUCED), (FULL, 0, [(SMALL, 1)]), (SMALL, 1)),
    "a mask behind it": tiff((FULL, 0), (FULL[:, ::-1], MASK)),
    "smaller ones below it": tiff((FULL, 0, [(SMALL, REDUCED), (SMALL, REDUCED)])),
    "the second of those below": tiff((SMALL, REDUCED, [(SMALL, REDUCED), (FULL, 0)])),
    "the older way to say it": tiff(
        (FULL, None, (), {255: (3, 1)}), (SMALL, None, (), {255: (3, 2)})
    ),
    "big endian": tiff((SMALL, REDUCED, [(FULL, 0)]), order=">"),
    "the only page of one": tiff((FULL, PAGE)),
    "nothing but one that calls itself small": tiff((FULL, REDUCED)),
}


@pytest.mark.parametrize("how", TIFFS)
def test_the_picture_is_read_and_not_its_thumbnail(how):
    assert torch.equal(read(TIFFS[how]).rgb, to_tensor(FULL))


SMALL_COPY, A_MASK = "metadata.small_copy", "metadata.mask"
PLAIN = ("the only page of one", "nothing but one that calls itself small")


@pytest.mark.parametrize("how", TIFFS)
def test_what_else_lies_in_it_is_called_what_it_is(how):
    said = {note.code for note in read(TIFFS[how]).notes}
    wanted = set() if how in PLAIN else {A_MASK if "mask" in how else SMALL_COPY}
    assert said == wanted


def test_a_thumbnail_and_a_mask_are_both_told():
    data = tiff((FULL, 0), (SMALL, REDUCED), (SMALL, REDUCED | MASK))
    assert {note.code for note in read(data).notes} == {SMALL_COPY, A_MASK}


def test_of_pages_only_pages_are_counted():
    with pytest.raises(NotUsable, match="2 frames or pages"):
        read(tiff((FULL, PAGE), (SMALL, REDUCED), (FULL[::-1], PAGE), (FULL, MASK)))


@pytest.mark.parametrize("kind", (None, 0, PAGE))
def test_pages_are_still_pages(kind):
    with pytest.raises(NotUsable, match="2 frames or pages"):
        read(tiff((FULL, kind), (FULL[::-1], kind)))


def test_a_chain_that_bites_its_tail_ends():
    data = bytearray(tiff((FULL, 0), (SMALL, REDUCED)))
    first = struct.unpack_from("<I", data, 4)[0]
    count = struct.unpack_from("<H", data, first)[0]
    second = struct.unpack_from("<I", data, first + 2 + 12 * count)[0]
    more = struct.unpack_from("<H", data, second)[0]
    struct.pack_into("<I", data, second + 2 + 12 * more, first)
    assert torch.equal(read(bytes(data)).rgb, to_tensor(FULL))


def test_what_the_first_directory_says_is_carried_though_the_picture_is_below():
    said = b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><r:RDF xmlns:r="' + xmp.RDF.encode() + b'">'
    said += (
        b'<r:Description xmlns:d="' + xmp.DC.encode() + b'" d:title="Olive"/></r:RDF></x:xmpmeta>'
    )
    said += b" " * (-len(said) % 2)
    words = struct.unpack(f"<{len(said) // 2}H", said)
    data = bytearray(tiff((SMALL, REDUCED, [(FULL, 0)], {700: (3, *words)})))
    at = data.find(struct.pack("<HH", 700, 3))
    struct.pack_into("<HI", data, at + 2, 1, len(said))  # bytes, not words
    artwork = read(bytes(data))
    assert artwork.rgb.shape[1:] == (96, 128) and b"Olive" in artwork.keep.xmp


def test_a_pyramid_of_libvips_is_its_largest_picture():
    image = pyvips.Image.new_from_array(pixels(1, (400, 600)), interpretation="srgb")
    for below in (False, True):
        data = image.tiffsave_buffer(
            pyramid=True, tile=True, tile_width=64, tile_height=64, subifd=below
        )
        assert read(data).rgb.shape == (3, 400, 600), below


@pytest.mark.parametrize("kind", (b"application/x-krita", b"application/x-krita-archive"))
def test_krz_is_read_as_kra(kind):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as folder:
        folder.writestr("mimetype", kind)
        folder.writestr("mergedimage.png", plain("png"))
    assert read(stream.getvalue()).rgb.shape == (3, 48, 64)


def in_heic(array, **more):
    pillow_heif = pytest.importorskip("pillow_heif", reason="needs pillow-heif")
    mode = "RGB;16" if array.dtype == np.uint16 else "RGB"
    stream = io.BytesIO()
    made = pillow_heif.from_bytes(mode, array.shape[1::-1], array.tobytes())
    made.save(stream, quality=-1, chroma=444, matrix_coefficients=0, **more)
    return stream.getvalue()


def test_heic_is_read_with_its_author_and_nothing_private():
    told = Image.Exif()
    told[0x013B], told[0x0110] = "Ann", "Phone"
    artwork = read(in_heic(FULL, exif=told.tobytes()))
    assert (artwork.rgb - to_tensor(FULL)).abs().max() < 3 / 255
    assert b"Ann" in artwork.keep.exif and b"Phone" not in artwork.keep.exif
    assert artwork.keep.private.kinds == ("device",)


def test_ten_bits_of_a_phone_stay_more_than_eight():
    deep = np.linspace(0, 65535, 96 * 128 * 3).reshape(96, 128, 3).astype(np.uint16)
    artwork = read(in_heic(deep))
    assert artwork.keep.depth == 16 and artwork.rgb.max() > 0.999
    assert (artwork.rgb - to_tensor(deep)).abs().max() < 1 / 250


def test_without_the_library_it_says_what_is_missing(monkeypatch):
    monkeypatch.setattr(heic, "find_spec", lambda name: None)
    with pytest.raises(EntryMissing, match="pillow-heif"):
        read(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
