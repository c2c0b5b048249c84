"""What a copy carries: authorship, and neither the clean picture nor the person."""

import base64
import io
import quopri
import struct
import textwrap
import zipfile
import zlib
from pathlib import Path
from urllib.parse import quote_from_bytes
from xml.sax.saxutils import escape

import planted
import pytest
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.formats.carried import exif, icc, iptc, pictures, xmp
from glassine.formats.carried.publish import carrying
from glassine.marks import containers
from glassine.messages import words
from glassine.pixels.packet import properties
from glassine.types import Claim, Export, Intent
from PIL import Image, ImageCms, PngImagePlugin
from planted import CREATOR, OPEN, RESOURCES, SECRET, exif_of, packet, pixels, plain, unfolded
from typed import SMALL, run

WRITABLE = [name for name in FORMATS if FORMATS[name].write]
READ = ("png", "jpeg", "webp", "tiff", "avif")
both = pytest.mark.parametrize("private", (False, True), ids=("public", "private"))
each_format = pytest.mark.parametrize("kind", READ)


def copies(artwork, **export):
    """Format -> the bytes of a copy, with what that export publishes."""
    found = {}
    for name in WRITABLE:
        chosen = carrying(artwork, Export(format=name, **export))
        found[name] = FORMATS[name].write(chosen.rgb, chosen.alpha, chosen.keep, 95)
    return found


def bare(artwork, **export):
    """The same with everything in them that is packed, for words that must not be there."""
    return {name: unfolded(data) for name, data in copies(artwork, **export).items()}


def notes(artwork, **export):
    return " ".join(str(one) for one in carrying(artwork, Export(**export)).notes)


def with_packet(kind, said):
    """A file with that XMP."""
    if kind == "png":
        whole = plain("png")
        body = b"iTXtXML:com.adobe.xmp\0\0\0\0\0" + said
        sized = struct.pack(">I", len(body) - 4) + body + struct.pack(">I", zlib.crc32(body))
        return whole[:33] + sized + whole[33:]
    if kind == "tiff":
        return plain("tiff", tiffinfo={700: said})
    return plain(kind, xmp=said)


# --- the person -----------------------------------------------------------------------------------


@pytest.mark.slow
@each_format
def test_of_every_tag_there_is_only_authorship_is_published(tmp_path, kind):
    source = planted.planted(tmp_path, kind)
    assert sum(SECRET in value for value in planted.told(tmp_path, source).values()) > 400
    artwork = read(source)
    for name, data in copies(artwork).items():
        told = planted.told(tmp_path, data)
        found = {tag for tag, value in told.items() if SECRET in value}
        assert found <= OPEN, (name, found - OPEN)
        assert found >= {"XMP-dc:Creator", "XMP-dc:Rights", "XMP-dc:Title"}, name
        assert unfolded(data).count(SECRET.encode()) <= len(OPEN), (
            "nothing that exiftool does not see"
        )
    said = notes(artwork)
    for what in ("where it was made", "camera, scanner", "owner", "comments", "history", "dates"):
        assert what in said


@pytest.mark.slow
def test_who_wants_all_of_it_published_gets_it_but_for_pictures(tmp_path):
    source = planted.planted(tmp_path, "webp")
    artwork = read(source)
    assert "Left out" not in notes(artwork, keep_private=True)
    for name, data in copies(artwork, keep_private=True).items():
        told = planted.told(tmp_path, data)
        wanted = {"XMP-exif:GPSAreaInformation", "XMP-dc:Description", "XMP-photoshop:Instructions"}
        if name != "jpeg":  # 64 KB hold less
            assert wanted <= {tag for tag, value in told.items() if SECRET in value}, name
    assert "longer than a JPEG can hold" in notes(artwork, format="jpeg", keep_private=True)


@each_format
def test_the_camera_its_owner_and_the_place_stay_at_home(kind):
    if kind == "tiff":
        inner = {0xA431: SECRET, 0xA430: SECRET, 0x9286: b"ASCII\0\0\0" + SECRET.encode()}
        place = {1: "N", 2: (48.0, 8.0, 0.0)}
        words = {0x013B: "Ann", 0x010F: SECRET, 0x0110: SECRET, 0x8769: inner, 0x8825: place}
        source = plain("tiff", tiffinfo=words)
    else:
        source = plain(kind, exif=exif_of())
    artwork = read(source)
    for name, data in copies(artwork).items():
        assert SECRET.encode() not in unfolded(data), name
        if name != "tiff":
            kept = Image.open(io.BytesIO(data)).getexif()
            assert kept[0x013B] == "Ann" and not kept.get_ifd(0x8825), name
    kept = Image.open(io.BytesIO(copies(artwork, keep_private=True)["webp"])).getexif()
    assert kept[0x0110] == SECRET and kept.get_ifd(0x8825)[2] == (48.0, 8.0, 0.0)
    assert kept.get_ifd(0x8769)[0xA431] == SECRET


def test_a_painting_programs_own_file_tells_no_more_than_a_png():
    secret = with_packet("png", packet(f"{CREATOR}<d:description>{SECRET}</d:description>"))
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as folder:
        folder.writestr("mimetype", "application/x-krita")
        folder.writestr("mergedimage.png", secret)
        folder.writestr("preview.png", plain("png"))
        folder.writestr("documentinfo.xml", f"<author>{SECRET}</author>")
    for data in bare(read(stream.getvalue())).values():
        assert SECRET.encode() not in data and "Änne".encode() in data


@pytest.mark.parametrize(
    "path",
    [
        "C:\\Users\\Ann\\tree.psd",
        "file:///home/ann/tree.kra",
        "/Users/ann/tree.kra",
        "\\\\server\\ann\\tree.psd",
        "~/tree.kra",
        "/Volumes/Anns Disk/tree.psd",
        "/run/media/ann/tree.kra",
        "/tank7/ann/tree.kra",
        "/storage/emulated/0/tree.kra",
        "smb://nas/ann/tree.psd",
        "content://org.krita/tree.kra",
        "%USERPROFILE%\\tree.psd",
        "~ann/tree.kra",
        "Copy of /home/ann/tree.kra",
        "Scan (D:\\Kunden\\Ann\\tree.tif)",
        "from \\\\nas\\ann\\tree.tif",
    ],
)
def test_a_title_that_is_a_path_on_somebodys_disk_stays_at_home(path):
    artwork = read(with_packet("png", packet(f"{CREATOR}<d:title>{path}</d:title>")))
    assert xmp.titled(xmp.authorship(properties(artwork.keep.xmp))[0]) == (
        ("Änne 画家",),
        "",
        "",
    )


@pytest.mark.parametrize(
    "title",
    [
        "Night/Day",
        "24/7",
        "Tree: a study",
        "/ Untitled /",
        "https://a.example/home/~ann/",
        "A: B/C",
    ],
)
def test_a_title_is_not_taken_for_a_path(title):
    assert xmp.sound(title)


@pytest.mark.parametrize("place", ("C:\\Users\\Ann\\tree.psd", "Copy of /home/ann/tree.kra"))
def test_a_path_stays_at_home_wherever_it_is_written(place):
    """In the older ways of telling a title too: PNG text, IIM, EXIF, a tag of a TIFF."""
    text = PngImagePlugin.PngInfo()
    text.add_text("Title", place)
    block = Image.Exif()
    block[0x013B], block[0x9C9B] = "Ann", place.encode("utf-16-le") + b"\0\0"
    named = planted.iim(d80="Ann", d5=place)
    files = (
        plain("png", pnginfo=text),
        plain("jpeg", exif=block.tobytes()),
        plain("tiff", tiffinfo={315: b"Ann", 40091: place.encode("utf-16-le") + b"\0\0"}),
        plain("tiff", tiffinfo={315: b"Ann", 33723: named}),
    )
    for data in files:
        for name, copy in copies(read(data)).items():
            words = unfolded(copy)
            assert place.encode() not in words and place.encode("utf-16-le") not in words, name


def test_a_pen_name_is_not_published_beside_the_name_in_the_file():
    rights = "<d:rights>© Legal Name</d:rights><d:title>Tree</d:title>"
    source = with_packet("png", packet(CREATOR.replace("Änne 画家", "Legal Name") + rights))
    artwork = read(source)
    for data in bare(artwork, claim=Claim(creator="Pen")).values():
        assert b"Legal" not in data and b"Pen" in data and b"Tree" in data
    said = notes(artwork, claim=Claim(creator="Pen"))
    assert "does not link the two" in said and "Legal" not in said, "a page shows it"
    for data in bare(artwork, claim=Claim(creator="Legal Name")).values():
        assert "© Legal Name".encode() in data


def test_the_plan_decides_and_says_what_is_published(scene):
    artwork = read(with_packet("png", packet(f"{CREATOR}<d:subject>{SECRET}</d:subject>")))
    for private in (False, True):
        made = plan(artwork, Intent(seed=1, export=Export(keep_private=private)))
        assert (SECRET.encode() in made.artwork.keep.xmp) is private
        assert any("Left out of the copy" in str(note) for note in made.artwork.notes) != private


def test_the_command_line_says_what_it_left_out_and_how_to_keep_it(painting, capsys):
    painting.write_bytes(with_packet("png", packet(f"{CREATOR}<d:subject>{SECRET}</d:subject>")))
    copy = painting.with_name("teal.glassine.png")
    assert run("protect", painting, *SMALL) == 0
    said = capsys.readouterr().out
    assert "descriptions, keywords and comments" in said and "(--keep-private)" in said
    assert SECRET.encode() not in unfolded(copy.read_bytes())
    assert run("protect", painting, *SMALL, "--keep-private", "--again") == 0
    assert "Left out" not in capsys.readouterr().out and SECRET.encode() in unfolded(
        copy.read_bytes()
    )


# --- the clean picture ----------------------------------------------------------------------------

SMALL_COPY = plain("jpeg", seed=5)
SPELT = base64.b64encode(SMALL_COPY).decode()
LINES = "&#xA;".join(SPELT[at : at + 76] for at in range(0, len(SPELT), 76))
IMG = 'xmlns:q="http://ns.adobe.com/xap/1.0/g/img/" xmlns:b="http://ns.adobe.com/xap/1.0/"'
HIDDEN = {
    "thumbnails by another prefix": (
        f"<b:Thumbnails><r:Alt><r:li r:parseType='Resource'><q:image>{LINES}</q:image></r:li>"
        "</r:Alt></b:Thumbnails>",
        IMG,
    ),
    "in a namespace nobody knows": (f"<o:Data>{SPELT}</o:Data>", 'xmlns:o="http://o.example/1/"'),
    "as an attribute": ("", f'xmlns:o="http://o.example/1/" o:Data="{SPELT}"'),
    "as an attribute of something inside": (
        f'<o:A><r:Bag><r:li o:Data="{SPELT}">x</r:li></r:Bag></o:A>',
        'xmlns:o="http://o.example/1/"',
    ),
    "as hexadecimal digits": (
        f"<o:Data>{SMALL_COPY.hex()}</o:Data>",
        'xmlns:o="http://o.example/1/"',
    ),
    "in a title": (f"<d:title>{LINES}</d:title>", ""),
    "as a link": (f'<d:relation r:resource="data:image/jpeg;base64,{SPELT}"/>', ""),
    "as the depth map of a phone": (
        f"<p:Data>{SPELT}</p:Data>",
        'xmlns:p="http://ns.google.com/photos/1.0/depthmap/"',
    ),
    "as a list of numbers": (
        f"<o:Data>{','.join(map(str, pixels()[:16, :16].ravel()))}</o:Data>",
        'xmlns:o="http://o.example/1/"',
    ),
}


@both
@pytest.mark.parametrize("where", HIDDEN)
@each_format
def test_no_picture_hides_in_xmp(kind, where, private):
    inner, more = HIDDEN[where]
    artwork = read(with_packet(kind, packet(CREATOR + inner, more)))
    said = notes(artwork, keep_private=private)
    assert "small copy" in said
    for name, data in copies(artwork, keep_private=private).items():
        back = read(data).keep.xmp
        assert len(back) < 1500 and SPELT[200:240].encode() not in back, (name, where)
        assert "Änne".encode() in back


@both
@pytest.mark.parametrize("coding", ("utf-8", "utf-16-le", "utf-16-be", "utf-16"))
def test_no_picture_hides_in_another_coding(coding, private):
    whole = packet(CREATOR + HIDDEN["in a title"][0]).decode().encode(coding)
    for data in copies(read(with_packet("tiff", whole)), keep_private=private).values():
        back = read(data).keep.xmp
        assert SPELT[200:240].encode() not in back and "Änne".encode() in back


PIECES = [SPELT[at : at + 30] for at in range(0, len(SPELT), 30)]


def listed(form, pieces):
    return f"<r:{form}>{''.join(f'<r:li>{one}</r:li>' for one in pieces)}</r:{form}>"


BROKEN = {
    "in short items": f"<o:A>{listed('Seq', PIECES)}</o:A>",
    "in short words": f"<o:A>{' '.join(PIECES)}</o:A>",
    "in a creator's many names": f"<d:creator>{listed('Seq', PIECES)}</d:creator>",
    "in a title's many languages": f"<d:title>{listed('Alt', PIECES)}</d:title>",
    "as digits with gaps": f"<o:A>{SMALL_COPY.hex(' ')}</o:A>",
    "as base32": f"<o:A>{' '.join(textwrap.wrap(base64.b32encode(SMALL_COPY).decode(), 8))}</o:A>",
    "as base85": f"<o:A>{escape(base64.b85encode(SMALL_COPY).decode())}</o:A>",
    "as numbers in items": f"<o:A>{listed('Bag', SMALL_COPY)}</o:A>",
}


@both
@pytest.mark.parametrize("how", BROKEN)
def test_no_picture_hides_in_pieces(how, private):
    said = packet(CREATOR * ("creator" not in how) + BROKEN[how], 'xmlns:o="http://o.example/1/"')
    artwork = read(with_packet("webp", said))
    assert "small copy" in notes(artwork, keep_private=private)
    data = carrying(artwork, Export(format="webp", keep_private=private)).keep.xmp or b""
    assert len(data) < 1500


ESCAPED = {
    "as in an address": quote_from_bytes,
    "as in an address, throughout": lambda data: "".join(f"%{one:02x}" for one in data),
    "as in C": lambda data: "".join(f"\\x{one:02X}" for one in data),
    "as in C, octal": lambda data: "".join(f"\\{one:03o}" for one in data),
    "as in a table of C": lambda data: ", ".join(f"0x{one:02x}" for one in data),
    "as in a letter": lambda data: quopri.encodestring(data).decode(),
    "as in XML": lambda data: "".join(f"&#x{one:02x};" for one in data),
    "digits with colons": lambda data: data.hex(":"),
    "numbers with points": lambda data: ".".join(map(str, data)),
    "shares of one": lambda data: " ".join(f"{one / 255:.3f}" for one in data),
    "as they are": lambda data: data.decode("latin-1"),
}


@pytest.mark.parametrize("how", ESCAPED)
def test_no_picture_hides_behind_escapes(how):
    assert pictures.spells_picture(ESCAPED[how](SMALL_COPY))


def test_no_picture_hides_behind_escapes_in_what_is_published():
    said = packet(f"{CREATOR}<d:rights>© {quote_from_bytes(SMALL_COPY)}</d:rights>")
    for data in copies(read(with_packet("png", said))).values():
        assert b"%FF%D8" not in unfolded(data) and "Änne".encode() in unfolded(data)


@pytest.mark.parametrize(
    "prose",
    [
        (Path(words.__file__).with_name("de.json")).read_text("utf-8")[2000:6000],
        (Path(words.__file__).with_name("ja.json")).read_text("utf-8")[2000:6000],
        "tree, sky, water; oil on canvas\n" * 60,
        " ".join(f"xmp.did:{number:08x}-7a1c-4f2e-9d3b-{number**3:012x}" for number in range(80)),
        "https://example.org/licence?of=Änne&year=2026 " * 40,
        "100 % pigment, 20 % off until 5/12; a=b, #c0ffee, 3:2 " * 40,
    ],
)
def test_prose_is_no_picture(prose):
    assert not pictures.spells_picture(prose)


def bad_second_directory(block):
    """The block with an offset of its thumbnail that leads nowhere."""
    data = bytearray(block)
    start = len(b"Exif\0\0")
    order = "<" if data[start : start + 2] == b"II" else ">"
    (first,) = struct.unpack_from(order + "I", data, start + 4)
    (count,) = struct.unpack_from(order + "H", data, start + first)
    struct.pack_into(order + "I", data, start + first + 2 + 12 * count, 0xFFFFFFF0)
    return bytes(data)


@both
@pytest.mark.parametrize("kind", ("png", "jpeg", "webp", "avif"))
@pytest.mark.parametrize("what", ("a bad second directory", "a preview in the maker's note"))
def test_authorship_outlives_a_broken_or_crowded_block(kind, what, private):
    made = exif_of(note=b"Maker\0" + SMALL_COPY if "note" in what else b"Maker\0")
    block = made.tobytes() if "note" in what else bad_second_directory(made.tobytes())
    artwork = read(plain(kind, exif=block))
    for name, data in copies(artwork, keep_private=private).items():
        assert SMALL_COPY[300:340] not in data
        if name != "tiff":
            assert Image.open(io.BytesIO(data)).getexif()[0x013B] == "Ann"
        assert xmp.titled(xmp.authorship(properties(read(data).keep.xmp))[0])[0] == ("Ann",)


@both
@pytest.mark.parametrize("tag", (0x9286, 0xA40B, 0x010E, 0x9C9C, 0xC634, 0x8649))
def test_no_picture_hides_in_a_tag(tag, private):
    made = exif_of()
    part = made if tag < 0x9000 or tag > 0xC000 else made.get_ifd(0x8769)
    part[tag] = SMALL_COPY if tag != 0x010E else SPELT
    artwork = read(plain("jpeg", exif=made))
    for name, data in copies(artwork, keep_private=private).items():
        assert SMALL_COPY[300:340] not in data and SPELT[200:240].encode() not in data, name


def segment(marker, body):
    return bytes((0xFF, marker)) + struct.pack(">H", len(body) + 2) + body


@pytest.mark.parametrize(
    "body",
    [
        (0xED, b"Photoshop 3.0\x008BIM\x04\x0c\0\0" + struct.pack(">I", 28 + 900) + bytes(928)),
        (0xE2, b"MPF\0II*\0\x08\0\0\0"),
        (0xE0, b"JFXX\0\x10" + SMALL_COPY[:900]),
    ],
    ids=("Photoshop's", "MPF", "JFXX"),
)
def test_other_small_copies_of_a_jpeg_are_noticed(body):
    clean = plain("jpeg")
    artwork = read(clean[:2] + segment(*body) + clean[2:] + SMALL_COPY)
    assert "small copy" in notes(artwork)
    for data in copies(artwork).values():
        assert SMALL_COPY[300:340] not in data


SRGB = planted.profile()


def profile(*more, of=SRGB, behind=b""):
    """That profile with further tags, and with bytes behind its end."""
    tags = [*icc.read_tags(of), *more]
    data = bytearray(icc.built(of[:128], tags) + behind)
    data[:4] = struct.pack(">I", len(data))
    return bytes(data)


OF_A_MONITOR = (
    (b"mmod", b"mmod\0\0\0\0" + SECRET.encode()),
    (b"dmnd", b"text\0\0\0\0" + SECRET.encode()),
    (b"vcgt", b"vcgt\0\0\0\0" + SMALL_COPY),
    (b"meta", b"dict\0\0\0\0" + SECRET.encode("utf-16-be")),
    (b"desc", b"desc\0\0\0\0\0\0\0\x0a" + SECRET.encode() + bytes(80)),
)


@both
@pytest.mark.parametrize("kind", ("png", "webp"))
@pytest.mark.parametrize("behind", (b"", b"\1" + SMALL_COPY + SECRET.encode()))
def test_a_profile_tells_of_colours_and_of_no_monitor(kind, behind, private):
    of = icc.built(SRGB[:128], [one for one in icc.read_tags(SRGB) if one[0] != b"desc"])
    artwork = read(plain(kind, icc_profile=profile(*OF_A_MONITOR, of=of, behind=behind)))
    said = notes(artwork, keep_private=private)
    assert "small copy" in said and (private or "camera, scanner" in said)
    for name, data in copies(artwork, keep_private=private).items():
        kept = Image.open(io.BytesIO(data)).info["icc_profile"]
        for word in (SECRET.encode(), SECRET.encode("utf-16-be"), SMALL_COPY[300:340]):
            assert word not in kept, name
        made = ImageCms.ImageCmsProfile(io.BytesIO(kept))
        turn = ImageCms.buildTransform(made, ImageCms.createProfile("sRGB"), "RGB", "RGB")
        shown = ImageCms.applyTransform(Image.new("RGB", (8, 8), (200, 90, 30)), turn)
        assert (
            max(abs(a - b) for a, b in zip(shown.getpixel((0, 0)), (200, 90, 30), strict=True)) <= 1
        )


def test_a_profile_of_colours_alone_stays_byte_for_byte():
    assert icc.cleaned(SRGB) == icc.Profile(SRGB)


GREY_PROFILE = SRGB[:16] + b"GRAY" + SRGB[20:]


@pytest.mark.parametrize(
    "bad",
    [SRGB[:131], GREY_PROFILE, SRGB[:12] + b"link" + SRGB[16:], SRGB[:300], b"\xff" * 400],
    ids=("cut off", "grey", "link", "tags beyond the end", "noise"),
)
def test_a_profile_that_no_writer_takes_is_left_out_and_said(bad):
    """libpng refuses what the readers of JPEG and WebP let pass."""
    assert icc.cleaned(bad).data is None
    artwork = read(plain("webp", icc_profile=bad))
    assert set(copies(artwork)) == set(WRITABLE) and artwork.keep.icc is None


def test_a_profile_whose_length_is_odd_is_written_even():
    odd = icc.cleaned(profile() + b"\0\0\0")
    assert odd.data and len(odd.data) % 4 == 0
    assert copies(read(plain("jpeg", icc_profile=profile() + b"\0\0\0")))["png"]


def test_a_preview_of_the_iim_is_noticed_and_hides_no_author():
    long = b"\x1c\x02\xca\x80\x04" + struct.pack(">I", len(SMALL_COPY)) + SMALL_COPY
    body = long + planted.IIM
    assert iptc.by_line(iptc.said(body)) == (("Änne",), "© Änne", "Olive")
    whole = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(body)) + body
    clean = plain("jpeg")
    artwork = read(clean[:2] + segment(0xED, whole) + clean[2:])
    assert "small copy" in notes(artwork) and "Änne".encode() in artwork.keep.xmp


def test_segments_that_nobody_knows_are_told_of():
    clean = plain("jpeg")
    artwork = read(clean[:2] + segment(0xE5, b"Cam\0" + SMALL_COPY[:9000]) + clean[2:])
    assert "notes of other programs" in notes(artwork) and "small copy" in notes(artwork)
    assert not notes(read(clean)), "and a plain JPEG tells of nothing"


def test_a_signature_over_the_original_is_not_lost_in_silence():
    box = b"\0\0\0\x2cjumb\0\0\0\x24jumdc2pa" + containers.MANIFEST[4:] + b"\3c2pa\0"
    clean = plain("jpeg")
    assert "Content Credentials" in notes(read(clean[:2] + segment(0xEB, b"JP" + box) + clean[2:]))


# --- what would become false, and what would be lost ----------------------------------------------


@both
@each_format
def test_xmp_says_nothing_of_pixels_as_they_were_stored(kind, private):
    tiff = f'xmlns:t="{xmp.TIFF}" t:Orientation="6" t:ImageWidth="9" xmlns:e="{xmp.EXIF}" '
    said = packet(CREATOR + "<e:PixelXDimension>9</e:PixelXDimension>", tiff)
    artwork = read(with_packet(kind, said))
    for data in copies(artwork, keep_private=private).values():
        back = read(data).keep
        kept = (back.private and back.private.xmp) or back.xmp
        for word in (b"Orientation", b"ImageWidth", b"PixelXDimension"):
            assert word not in kept


GAIN = (
    'xmlns:h="http://ns.adobe.com/hdr-gain-map/1.0/" h:Version="1.0" '
    'xmlns:C="http://ns.google.com/photos/1.0/container/" '
    'xmlns:I="http://ns.google.com/photos/1.0/container/item/"'
)
DIRECTORY = (
    "<C:Directory><r:Seq><r:li><r:Description I:Semantic='GainMap'/></r:li></r:Seq></C:Directory>"
)


@both
@pytest.mark.parametrize(
    "space",
    [
        "http://ns.google.com/photos/1.0/camera/",
        "http://ns.google.com/photos/1.0/depthmap/",
        "http://ns.apple.com/pixeldatainfo/1.0/",
        "http://ns.xiaomi.com/photos/1.0/camera/",
        "http://ns.oplus.com/photos/1.0/camera/",
        "http://ns.samsung.com/photos/1.0/camera/",
    ],
)
def test_no_second_picture_of_a_phone_is_announced(space, private):
    said = packet(CREATOR, f'xmlns:q="{space}" q:MotionPhoto="1" q:Offset="4000"')
    artwork = read(with_packet("jpeg", said) + bytes(18) + SMALL_COPY)
    for data in copies(artwork, keep_private=private).values():
        assert space.encode() not in data and SMALL_COPY[300:340] not in data


@both
@each_format
def test_no_gain_map_is_announced_that_is_not_there(kind, private):
    artwork = read(with_packet(kind, packet(CREATOR + DIRECTORY, GAIN)))
    assert "gain map" in notes(artwork, keep_private=private)
    for data in bare(artwork, keep_private=private).values():
        assert b"hdr-gain-map" not in data and b"GainMap" not in data


def in_jpeg():
    clean = plain("jpeg")
    return clean[:2] + segment(0xED, RESOURCES) + segment(0xFE, SECRET.encode()) + clean[2:]


def in_png(text=False):
    from PIL.PngImagePlugin import PngInfo

    about = PngInfo()
    if text:
        about.add_itxt("Author", "Änne")
        about.add_text("Copyright", "© Änne")
        about.add_text("Title", "Olive", zip=True)
    else:
        digits = RESOURCES.hex()
        lines = "\n".join(digits[at : at + 72] for at in range(0, len(digits), 72))
        about.add_text("Raw profile type iptc", f"\niptc\n{len(RESOURCES):8}\n{lines}\n", zip=True)
    about.add_text("Comment", SECRET)
    return plain("png", pnginfo=about)


def in_tiff(iptc=False):
    if iptc:
        return plain("tiff", tiffinfo={33723: planted.IIM, 270: SECRET})
    title = "Olive".encode("utf-16-le") + b"\0\0"
    words = {315: "Änne".encode(), 33432: "© Änne".encode(), 40091: title, 270: SECRET}
    return plain("tiff", tiffinfo=words)


ELSEWHERE = {
    "IPTC of a JPEG": in_jpeg,
    "IPTC of a PNG": in_png,
    "texts of a PNG": lambda: in_png(text=True),
    "tags of a TIFF": in_tiff,
    "IPTC of a TIFF": lambda: in_tiff(iptc=True),
}


@pytest.mark.parametrize("where", ELSEWHERE)
def test_authorship_is_carried_over_from_wherever_it_stands(where):
    artwork = read(ELSEWHERE[where]())
    assert "descriptions, keywords and comments" in notes(artwork)
    for name, data in copies(artwork).items():
        assert SECRET.encode() not in unfolded(data)
        said, _ = xmp.authorship(properties(read(data).keep.xmp))
        assert xmp.titled(said) == (("Änne",), "© Änne", "Olive"), name
        if name != "tiff":
            block = exif.parsed(Image.open(io.BytesIO(data)).info["exif"])
            assert exif.signed_by(block.text)[:2] == (("Änne",), "© Änne"), name


def test_xmp_goes_before_the_older_ways():
    clean = in_jpeg()
    body = b"http://ns.adobe.com/xap/1.0/\0" + packet(CREATOR)
    artwork = read(clean[:2] + segment(0xE1, body) + clean[2:])
    said, _ = xmp.authorship(properties(artwork.keep.xmp))
    assert xmp.titled(said) == (("Änne 画家",), "© Änne", "Olive")


@pytest.mark.parametrize(
    "bad",
    [
        b"<x:xmpmeta",
        b"no XML at all",
        b'<!DOCTYPE x [<!ENTITY a "b">]>' + packet(CREATOR).partition(b"?>")[2],
        packet("<d:title>" * 300 + "</d:title>" * 300),
        packet("<d:title/>" * 30_000),
        packet("<undeclared:title/>"),
    ],
    ids=("cut off", "prose", "entities", "deep", "many", "undeclared"),
)
def test_xmp_that_cannot_be_read_is_left_out_and_said(bad):
    artwork = read(with_packet("webp", bad))
    assert artwork.keep.xmp is None and "XMP is damaged" in notes(artwork)


@each_format
def test_an_honest_packet_comes_back_property_by_property(kind):
    link = f'<c:license xmlns:c="{xmp.CC}" r:resource="https://example.org/by"/>'
    terms = (
        f'<u:UsageTerms xmlns:u="{xmp.RIGHTS}"><r:Alt><r:li xml:lang="x-default">Ask</r:li>'
        '<r:li xml:lang="de">Frag</r:li></r:Alt></u:UsageTerms>'
    )
    licensor = (
        f'<p:Licensor xmlns:p="{xmp.PLUS}"><r:Seq><r:li p:LicensorName="Änne" '
        'p:LicensorEmail="ann@example.org"><p:LicensorURL>https://example.org</p:LicensorURL>'
        "</r:li></r:Seq></p:Licensor>"
    )
    artwork = read(with_packet(kind, packet(CREATOR + link + terms + licensor, prefix="meta")))
    for data in copies(artwork).values():
        said, licensors = xmp.authorship(properties(read(data).keep.xmp))
        assert said[f"{{{xmp.RIGHTS}}}UsageTerms"] == [("x-default", "Ask"), ("de", "Frag")]
        assert said[f"{{{xmp.CC}}}license"] == [("", "https://example.org/by")]
        (row,) = licensors
        assert set(row.values()) == {"Änne", "https://example.org"}
        assert b"ann@example.org" not in unfolded(data)


def test_the_size_on_paper_is_no_secret():
    keep = read(plain("jpeg", dpi=(300, 300), exif=exif_of())).keep
    assert keep.ppi == pytest.approx(300, abs=0.1)
