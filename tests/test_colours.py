"""Colours that are described by something else than a profile: the copy's profile says the same."""

import io
import struct
import zlib

import numpy as np
import pytest
import pyvips
import torch
from glassine.errors import NotUsable
from glassine.flow.read import read
from glassine.formats import FORMATS, profiles
from glassine.formats.carried.xmp import SHOP
from glassine.pixels.grid import to_tensor
from glassine.types import Keep
from PIL import Image, ImageCms
from planted import packet

WRITABLE = [name for name in FORMATS if FORMATS[name].write]
FLAT = np.zeros((40, 48, 3), np.uint8)
FLAT[:20], FLAT[20:] = (240, 40, 60), (30, 200, 90)
P3 = pyvips.Image.black(8, 8, bands=3).copy(interpretation="srgb")
P3 = P3.icc_transform("p3", input_profile="srgb").get("icc-profile-data")
SRGB = ImageCms.createProfile("sRGB")


def chunked(*chunks, icc=None):
    data = FORMATS["png"].write(to_tensor(FLAT), None, Keep(icc=icc), 95)
    for name, body in reversed(chunks):
        whole = struct.pack(">I", len(body)) + name + body
        data = data[:33] + whole + struct.pack(">I", zlib.crc32(name + body)) + data[33:]
    return data


def avif(*nclx, icc=None):
    """libheif writes 1/13/6; the numbers are changed where they stand."""
    data = bytearray(FORMATS["avif"].write(to_tensor(FLAT), None, Keep(icc=icc), 100))
    at = data.find(b"colrnclx")
    assert at > 0
    struct.pack_into(">HH", data, at + 8, *nclx)
    return bytes(data)


def camera(kind, rule, **more):
    made = Image.Exif()
    made[0x013B] = "Ann"
    inner = made.get_ifd(0x8769)
    inner[0xA001] = 65535
    inner[0xA005] = {1: rule, 2: b"0100"}
    stream = io.BytesIO()
    Image.fromarray(FLAT).save(stream, kind, exif=made, quality=100, **more)
    return stream.getvalue()


def tiff(points, white=(0.3127, 0.329)):
    stream = io.BytesIO()
    Image.fromarray(FLAT).save(stream, "tiff", tiffinfo={318: white, 319: points})
    return stream.getvalue()


CICP = lambda primaries, transfer: (b"cICP", bytes((primaries, transfer, 0, 1)))  # noqa: E731
CHRM = struct.pack(">8I", 31270, 32900, 68000, 32000, 26500, 69000, 15000, 6000)
P3_POINTS = (0.68, 0.32, 0.265, 0.69, 0.15, 0.06)
P3_FILES = {
    "cICP": lambda: chunked(CICP(12, 13)),
    "cICP beside another profile": lambda: chunked(CICP(12, 13), icc=SRGB_BYTES),
    "cHRM": lambda: chunked((b"gAMA", struct.pack(">I", 45455)), (b"cHRM", CHRM)),
    "nclx": lambda: avif(12, 13),
}
SRGB_BYTES = ImageCms.ImageCmsProfile(SRGB).tobytes()


def seen(data):
    """The colours as a colour-managed viewer shows them, in sRGB."""
    artwork = read(data)
    assert artwork.keep.icc
    profile = ImageCms.ImageCmsProfile(io.BytesIO(artwork.keep.icc))
    picture = Image.fromarray((artwork.rgb.permute(1, 2, 0) * 255).round().byte().numpy())
    return np.asarray(ImageCms.profileToProfile(picture, profile, SRGB)).astype(int), artwork


def managed(picture, profile):
    return np.asarray(
        ImageCms.profileToProfile(
            Image.fromarray(picture), ImageCms.ImageCmsProfile(io.BytesIO(profile)), SRGB
        )
    ).astype(int)


@pytest.mark.parametrize("how", P3_FILES)
def test_p3_is_p3_whichever_way_it_is_said(how):
    shown, artwork = seen(P3_FILES[how]())
    right = managed(FLAT, P3)
    assert abs(right - FLAT).max() > 10, "as sRGB it would be wrong"
    assert abs(shown - right).max() <= 2
    assert any("The copy carries a profile" in note for note in map(str, artwork.notes))
    for name in WRITABLE:
        again = read(FORMATS[name].write(artwork.rgb, None, artwork.keep, 100))
        assert again.keep.icc == artwork.keep.icc, name


def test_a_tiff_with_chromaticities_has_these():
    shown, _ = seen(tiff(P3_POINTS))
    assert abs(shown - managed(FLAT, P3)).max() <= 8, "its curve is a gamma"


@pytest.mark.parametrize("kind", ("jpeg", "webp", "png"))
def test_adobe_rgb_of_a_camera_is_adobe_rgb(kind):
    """Reference: linear light by Adobe's own matrix (Adobe RGB (1998), 4.3.5.3)."""
    shown, artwork = seen(camera(kind, "R03"))
    light = np.linalg.inv(TO_XYZ_SRGB) @ TO_XYZ_ADOBE @ (FLAT[0, 0] / 255) ** (563 / 256)
    curve = np.where(light > 0.0031308, 1.055 * light.clip(0) ** (1 / 2.4) - 0.055, 12.92 * light)
    assert abs(shown[5, 5] - (curve.clip(0, 1) * 255)).max() <= 4
    assert any("Adobe RGB" in note for note in map(str, artwork.notes))


TO_XYZ_SRGB = np.array(
    ((0.4124, 0.3576, 0.1805), (0.2126, 0.7152, 0.0722), (0.0193, 0.1192, 0.9505))
)
TO_XYZ_ADOBE = np.array(
    ((0.57667, 0.18556, 0.18823), (0.29734, 0.62736, 0.07529), (0.02703, 0.07069, 0.99134))
)


def told_by_exif(space=None, gamma=None, points=None, xmp=b""):
    made = Image.Exif()
    made[0x013B] = "Ann"
    inner = made.get_ifd(0x8769)
    inner |= {0xA001: space} if space else {}
    inner |= {0xA500: gamma} if gamma else {}
    if points:
        made[318], made[319] = (0.3127, 0.329), points
    stream = io.BytesIO()
    Image.fromarray(FLAT).save(stream, "webp", lossless=True, exif=made, xmp=xmp)
    return stream.getvalue()


def named(profile):
    return packet("", f'xmlns:p="{SHOP}" p:ICCProfile="{profile}"')


ADOBE_POINTS = (0.64, 0.33, 0.21, 0.71, 0.15, 0.06)


@pytest.mark.parametrize(
    ("told", "name"),
    [
        (lambda: told_by_exif(space=2), "Adobe RGB"),
        (lambda: told_by_exif(gamma=2.2, points=ADOBE_POINTS), "other than sRGB"),
        (lambda: told_by_exif(xmp=named("Adobe RGB (1998)")), "Adobe RGB"),
    ],
    ids=("a number", "chromaticities", "the name of a lost profile"),
)
def test_adobe_rgb_is_adobe_rgb_however_exif_or_xmp_say_it(told, name):
    shown, artwork = seen(told())
    right, _ = seen(camera("png", "R03"))
    assert abs(shown - right).max() <= 1
    assert [note for note in map(str, artwork.notes) if name in note]


def test_other_names_of_lost_profiles():
    shown, _ = seen(told_by_exif(xmp=named("Display P3")))
    assert abs(shown - managed(FLAT, P3)).max() <= 2
    assert read(told_by_exif(xmp=named("ProPhoto RGB"))).keep.icc
    assert not read(told_by_exif(xmp=named("sRGB IEC61966-2.1"))).notes


@pytest.mark.parametrize(
    "told", [lambda: told_by_exif(space=0xFFFF), lambda: told_by_exif(xmp=named("Ann's Screen"))]
)
def test_what_is_not_srgb_and_does_not_say_what_it_is_is_not_read_in_silence(told):
    artwork = read(told())
    said = " ".join(map(str, artwork.notes))
    assert artwork.keep.icc is None and "not sRGB" in said
    assert "Ann" not in said, "a page shows it"


@pytest.mark.parametrize("gamma", (1.0, 1.8))
def test_a_tiffs_transfer_function_is_its_curve(gamma):
    table = tuple(round(65535 * (at / 255) ** gamma) for at in range(256))
    stream = io.BytesIO()
    Image.fromarray(FLAT).save(stream, "tiff", tiffinfo={301: table})
    shown, _ = seen(stream.getvalue())
    light = (np.array((240, 40, 60)) / 255) ** gamma
    right = np.where(light > 0.0031308, 1.055 * light ** (1 / 2.4) - 0.055, 12.92 * light)
    assert abs(shown[5, 5] - 255 * right).max() <= 2


@pytest.mark.parametrize(
    "plain",
    [
        lambda: chunked(),
        lambda: chunked(CICP(1, 13)),
        lambda: chunked(CICP(1, 13), icc=None),
        lambda: chunked((b"sRGB", b"\0"), (b"cHRM", CHRM)),
        lambda: chunked((b"gAMA", struct.pack(">I", 45455))),
        lambda: chunked((b"cHRM", bytes(32))),
        lambda: avif(1, 13),
        lambda: avif(2, 2),
        lambda: avif(1, 1),
        lambda: camera("jpeg", "R98"),
        lambda: tiff((0.64, 0.33, 0.30, 0.60, 0.15, 0.06)),
        lambda: tiff((0.5, 0.5, 0.5, 0.5, 0.5, 0.5)),
    ],
)
def test_what_is_srgb_or_nonsense_stays_without_a_profile(plain):
    artwork = read(plain())
    assert artwork.keep.icc is None and not artwork.notes


def test_a_profile_goes_before_all_but_cicp():
    for data in (
        chunked((b"gAMA", struct.pack(">I", 100_000)), (b"cHRM", CHRM), icc=P3),
        camera("jpeg", "R03", icc_profile=P3),
    ):
        assert read(data).keep.icc == P3


def test_linear_light_is_said_by_a_profile():
    shown, _ = seen(chunked((b"gAMA", struct.pack(">I", 100_000))))
    light = np.array((240, 40, 60)) / 255
    assert abs(shown[5, 5] - 255 * (1.055 * light ** (1 / 2.4) - 0.055)).max() <= 2


@pytest.mark.parametrize("transfer", (16, 18))
@pytest.mark.parametrize("make", (lambda *code: chunked(CICP(*code)), avif), ids=("png", "avif"))
def test_hdr_is_explained_and_not_guessed_at(make, transfer):
    with pytest.raises(NotUsable, match="HDR"):
        read(make(9, transfer))


@pytest.mark.parametrize("primaries", (9, 11, 12, 5, 6, 22))
def test_every_profile_that_is_made_is_one(primaries):
    """White stays white and grey stays grey, in littlecms and in libvips."""
    icc = profiles.made(profiles.coded(primaries, 13, ""))
    grey = np.full((40, 40, 3), 128, np.uint8)
    white = np.full((40, 40, 3), 255, np.uint8)
    assert abs(managed(grey, icc) - 128).max() <= 1 and abs(managed(white, icc) - 255).max() <= 1
    image = pyvips.Image.new_from_array(grey, interpretation="srgb")
    image.set_type(pyvips.GValue.blob_type, "icc-profile-data", icc)
    back = image.icc_transform("srgb", embedded=True).numpy().astype(int)
    assert abs(back - 128).max() <= 1


def test_pixels_are_as_they_were():
    assert torch.equal(read(P3_FILES["cICP"]()).rgb, to_tensor(FLAT))
