"""Files in and out: what must be kept is kept bit by bit, what is converted is said."""

import io
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
import pyvips
import torch
from glassine.errors import NotUsable, UnknownEntry
from glassine.flow.encode import format_of
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.pixels.grid import on_grid, to_tensor
from glassine.types import Keep
from PIL import Image, ImageCms

WRITABLE = [name for name in FORMATS if FORMATS[name].write]
EXACT = [name for name in WRITABLE if not FORMATS[name].lossy]
P3 = (
    pyvips.Image.black(8, 8, bands=3)
    .copy(interpretation="srgb")
    .icc_transform("p3", input_profile="srgb")
    .get("icc-profile-data")
)
XMP = (
    b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:'
    b'meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    b'rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Teal</dc:title>'
    b"</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end='w'?>"
)


def noise(depth, bands, size=(40, 56)):
    kind = {8: np.uint8, 16: np.uint16}[depth]
    draw = np.random.default_rng(3)
    return draw.integers(0, np.iinfo(kind).max + 1, (*size, bands), dtype=kind)


def exif(**tags):
    block = Image.Exif()
    block[0x013B] = "Ann Artist"
    block.update({int(k[1:], 16): v for k, v in tags.items()})
    return block


def pillow(array, name, **options):
    stream = io.BytesIO()
    picture = array if isinstance(array, Image.Image) else Image.fromarray(array)
    picture.save(stream, name, **options)
    return stream.getvalue()


@pytest.mark.parametrize("bands", (3, 4))
@pytest.mark.parametrize("depth", (8, 16))
@pytest.mark.parametrize("name", EXACT)
def test_pixels_alpha_profile_and_ppi_come_back_exactly(name, depth, bands):
    pixels = to_tensor(noise(depth, bands))
    rgb, alpha = pixels[:3], pixels[3:] if bands == 4 else None
    keep = Keep(icc=P3, xmp=XMP, ppi=300.0, depth=depth)
    back = read(FORMATS[name].write(rgb, alpha, keep, 95))
    assert torch.equal(back.rgb, rgb)
    assert (back.alpha is None) == (alpha is None)
    assert alpha is None or torch.equal(back.alpha, alpha)
    assert (back.keep.icc, back.keep.depth) == (P3, depth)
    assert back.keep.ppi == pytest.approx(300, abs=0.01)
    assert b"Teal" in back.keep.xmp


@pytest.mark.parametrize("name", ("webp", "avif"))
def test_quality_100_is_exact_at_eight_bits(name):
    rgb = to_tensor(noise(8, 3))
    assert torch.equal(read(FORMATS[name].write(rgb, None, Keep(), 100)).rgb, rgb)


@pytest.mark.parametrize("name", WRITABLE)
def test_what_is_written_is_close_and_carries_its_profile(name, scene):
    back = read(FORMATS[name].write(scene, None, Keep(icc=P3, ppi=144.0), 95))
    assert (back.rgb - scene).abs().mean() < 0.01
    assert back.keep.icc == P3
    assert back.keep.ppi == pytest.approx(144, abs=0.5)


def test_sixteen_bits_in_avif_become_twelve_with_white_still_white():
    rgb = on_grid(torch.linspace(0, 1, 64).expand(3, 64, 64).contiguous(), 16)
    opaque = torch.ones(1, 64, 64)
    opaque[:, :8] = 0.5
    back = read(FORMATS["avif"].write(rgb, opaque, Keep(depth=16), 100))
    assert back.keep.depth == 16
    assert back.rgb.max() == 1, "white is grey: which number is it in 12 bits? (vips.brightest)"
    assert back.alpha.max() == 1, "opaque is not: the same number, for alpha (vips.planes)"
    assert (back.rgb - rgb).abs().max() < 1 / 4000


def test_no_ppi_is_invented():
    for name in WRITABLE:
        data = FORMATS[name].write(torch.rand(3, 40, 40), None, Keep(), 95)
        assert read(data).keep.ppi in (None, 72), name  # 72: what libvips says for "unknown"
        assert Image.open(io.BytesIO(data)).info.get("dpi") in (
            None,
            (1, 1),
            pytest.approx((72, 72)),
        ), name


@pytest.mark.parametrize("name", ("png", "jpeg", "webp", "avif"))
def test_exif_travels_and_orientation_is_applied_once(name):
    upright = noise(8, 3, (40, 60))
    stored = pillow(np.rot90(upright), "png", exif=exif(x0112=6))
    artwork = read(stored)
    assert torch.equal(artwork.rgb, to_tensor(upright))
    assert any("upright" in note for note in map(str, artwork.notes))
    data = FORMATS[name].write(artwork.rgb, None, artwork.keep, 100)
    tags = Image.open(io.BytesIO(data)).getexif()
    assert tags[0x013B] == "Ann Artist"
    assert tags.get(0x0112, 1) == 1
    assert read(data).rgb.shape == (3, 40, 60)


def test_a_small_clean_copy_inside_the_file_never_leaves_the_engine():
    """Cameras and painting programs store thumbnails: the unprotected picture in small."""
    small = pillow(noise(8, 3, (32, 32)), "jpeg")
    tiff = struct.pack("<2sHI", b"II", 42, 8)
    second = 8 + 2 + 12 + 4
    tiff += struct.pack("<H", 1) + struct.pack("<HHI4s", 0x0112, 3, 1, b"\1\0\0\0")
    tiff += struct.pack("<I", second) + struct.pack("<H", 3)
    start = second + 2 + 3 * 12 + 4
    tiff += struct.pack("<HHII", 0x0103, 3, 1, 6)
    tiff += struct.pack("<HHII", 0x0201, 4, 1, start) + struct.pack(
        "<HHII", 0x0202, 4, 1, len(small)
    )
    tiff += struct.pack("<I", 0) + small
    xmp = XMP.replace(
        b"<dc:title>",
        b'<xmp:Thumbnails xmlns:xmp="http://ns.adobe.com/xap/1.0/">AAAA</xmp:Thumbnails><dc:title>',
    )
    data = pillow(noise(8, 3), "jpeg", exif=b"Exif\0\0" + tiff, xmp=xmp)
    assert small[300:340] in data
    artwork = read(data)
    assert any("small copy" in note for note in map(str, artwork.notes))
    assert b"Thumbnails" not in artwork.keep.xmp
    for name in WRITABLE:
        written = FORMATS[name].write(artwork.rgb, None, artwork.keep, 95)
        assert small[300:340] not in written, name
        assert b"Thumbnails" not in written, name


def test_grey_becomes_rgb_with_a_sentence_and_the_same_values():
    grey = noise(8, 1)[..., 0]
    artwork = read(pillow(grey, "png"))
    assert torch.equal(artwork.rgb, to_tensor(np.repeat(grey[..., None], 3, 2)))
    assert any("grey" in note for note in map(str, artwork.notes))


def test_sixteen_bit_grey_stays_sixteen_bit():
    grey = noise(16, 1)
    data = pyvips.Image.new_from_array(grey, interpretation="grey16").pngsave_buffer()
    artwork = read(data)
    assert artwork.keep.depth == 16
    assert torch.equal(artwork.rgb, to_tensor(np.repeat(grey, 3, 2)))


@pytest.mark.parametrize("name", ("jpeg", "tiff"))
def test_cmyk_is_converted_with_a_sentence(name):
    ink = np.zeros((40, 40, 4), np.uint8)
    ink[..., 0] = 255  # cyan and nothing else
    artwork = read(pillow(Image.fromarray(ink, "CMYK"), name))
    red, green, blue = artwork.rgb.mean((1, 2)).tolist()
    assert red < 0.35 and green > 0.5 and blue > 0.7
    assert any("CMYK" in note and "a general one" in note for note in map(str, artwork.notes))
    assert artwork.keep.icc, "the colours are sRGB now and the file must say so"


def lab_tiff_8():
    rgb = Image.new("RGB", (40, 40), (200, 60, 30))
    to_lab = ImageCms.buildTransform(
        ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), "RGB", "LAB"
    )
    return pillow(ImageCms.applyTransform(rgb, to_lab), "tiff")


def lab_tiff_16():
    flat = np.full((40, 40, 3), (200, 60, 30), np.uint8)
    return (
        pyvips.Image.new_from_array(flat, interpretation="srgb")
        .colourspace("labs")
        .tiffsave_buffer()
    )


@pytest.mark.parametrize("make", (lab_tiff_8, lab_tiff_16))
def test_lab_is_converted_with_a_sentence(make):
    artwork = read(make())
    levels = (artwork.rgb.mean((1, 2)) * 255).tolist()
    assert levels == pytest.approx((200, 60, 30), abs=4)
    assert any("Lab" in note for note in map(str, artwork.notes))


def test_floating_point_becomes_sixteen_bits_with_a_sentence():
    light = np.full((40, 40, 3), 0.2140, np.float32)  # linear; 0.5 in sRGB
    data = pyvips.Image.new_from_array(light).copy(interpretation="scrgb").tiffsave_buffer()
    artwork = read(data)
    assert artwork.rgb.mean() == pytest.approx(0.5, abs=0.002)
    assert artwork.keep.depth == 16 and any("floating" in note for note in map(str, artwork.notes))


@pytest.mark.parametrize("bands", (1, 2))
def test_grey_in_floating_point_keeps_its_brightness(bands):
    light = np.full((40, 40, bands), 0.2140, np.float32)
    data = pyvips.Image.new_from_array(light).copy(interpretation="b-w").tiffsave_buffer()
    artwork = read(data)
    assert artwork.rgb.mean() == pytest.approx(0.5, abs=0.002) and artwork.keep.depth == 16
    assert (artwork.alpha is None) == (bands == 1)
    assert artwork.alpha is None or artwork.alpha.mean() == pytest.approx(0.2140, abs=0.002)


def test_grey_in_more_bits_than_a_picture_has_is_refused_and_not_guessed_at():
    deep = (noise(16, 1).astype(np.uint32)) << 16
    data = pyvips.Image.new_from_array(deep).copy(interpretation="b-w").tiffsave_buffer()
    with pytest.raises(NotUsable, match="'uint'"):
        read(data)


def test_palette_and_one_bit_files_are_read():
    palette = pillow(Image.fromarray(noise(8, 3)).quantize(16), "png")
    assert read(palette).rgb.shape == (3, 40, 56)
    one_bit = np.zeros((40, 40), bool)
    one_bit[:, 20:] = True
    assert read(pillow(one_bit, "png")).rgb.unique().tolist() == [0, 1]


def test_jpeg_lays_a_transparent_picture_on_white():
    rgb, alpha = torch.zeros(3, 40, 40), torch.zeros(1, 40, 40)
    alpha[:, :, 20:] = 1
    back = read(FORMATS["jpeg"].write(rgb, alpha, Keep(), 95))
    assert back.alpha is None
    assert back.rgb[:, :, :18].min() > 0.98 and back.rgb[:, :, 22:].max() < 0.02


def test_colours_under_transparent_pixels_stay():
    pixels = noise(8, 4)
    pixels[:20, :, 3] = 0
    planes = to_tensor(pixels)
    for name in (*EXACT, "webp"):
        back = read(FORMATS[name].write(planes[:3], planes[3:], Keep(), 100))
        assert torch.equal(back.rgb, planes[:3]), name


def test_jpeg_keeps_full_colour_resolution():
    rgb = torch.zeros(3, 64, 64)
    rgb[0, :, ::2], rgb[2, :, 1::2] = 1, 1  # red and blue columns, one pixel wide
    back = read(FORMATS["jpeg"].write(rgb, None, Keep(), 95))
    assert (back.rgb - rgb).abs().mean() < 0.06


def test_format_is_found_from_a_file_name_and_kindly_refused():
    assert format_of(".JPG") == "jpeg" and format_of(".tif") == "tiff"
    with pytest.raises(UnknownEntry, match=r"no format named 'wepb'. Did you mean 'webp'"):
        format_of(".wepb")


def test_png_chunks_stay_whole_when_the_size_on_paper_is_left_out():
    data = FORMATS["png"].write(torch.rand(3, 40, 40), None, Keep(icc=P3), 95)
    at, names = 8, []
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        body = data[at + 4 : at + 8 + size]
        assert zlib.crc32(body) == int.from_bytes(data[at + 8 + size : at + 12 + size], "big")
        names.append(body[:4])
        at += 12 + size
    assert names[0] == b"IHDR" and names[-1] == b"IEND" and b"pHYs" not in names


@pytest.mark.skipif(sys.platform != "linux", reason="reads the peak as Linux tells it")
def test_memory_stays_below_what_the_size_limit_promises(tmp_path):
    """An 8000 x 8000 picture has to fit into 6 GB with everything else that happens to it."""
    flat = pyvips.Image.black(2000, 2000, bands=3).copy(interpretation="srgb")
    flat.pngsave(str(tmp_path / "large.png"))
    code = (
        "import re, sys; from pathlib import Path\n"
        "from glassine.formats import FORMATS; from glassine.flow.read import read\n"
        "said = lambda: Path('/proc/self/status').read_text()\n"
        "peak = lambda: int(re.search(r'VmHWM:\\s+(\\d+)', said())[1]) * 1024\n"
        "read(Path(sys.argv[2])), (before := peak())\n"
        "artwork = read(Path(sys.argv[1]))\n"
        "data = FORMATS['png'].write(artwork.rgb + 0.1, None, artwork.keep, 95)\n"
        "print((peak() - before) / 4e6)"
    )
    small = tmp_path / "small.png"
    small.write_bytes(FORMATS["png"].write(torch.rand(3, 40, 40), None, Keep(), 95))
    command = [sys.executable, "-c", code, str(tmp_path / "large.png"), str(small)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert 10 < float(done.stdout) < 60, "bytes per pixel"
