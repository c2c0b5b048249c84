"""Marks in files: read back from the written bytes, in the right order, and not fooled."""

import io
import json
import shutil
import struct
import subprocess
import time
import zipfile
import zlib
from dataclasses import replace

import numpy as np
import pytest
import pyvips
import torch
from glassine.errors import NotUsable, Unreadable
from glassine.flow.encode import check_export, encode
from glassine.flow.examine import examine, examine_pixels, refuse_protected
from glassine.flow.mark import mark
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.ledger import fingerprint
from glassine.marks import MARKS, containers, visible, xmp
from glassine.marks.base import STAGES
from glassine.types import Claim, Export, Report, Visible

c2pa = pytest.importorskip("glassine.marks.c2pa", reason="needs c2pa-python")

WRITTEN = ("png", "jpeg", "webp", "tiff", "avif")
CLAIM = Claim(
    creator="Änne <Test> & 画家",
    rights="© 2026 Änne",
    url="https://example.org/licence",
    title="Olive & grove",
    usage_terms="Ask first",
)
NOTHING = Report(None, (), ())
OLD = (
    b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-'
    b'syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">'
    b"<dc:subject><rdf:Bag><rdf:li>dragon</rdf:li></rdf:Bag></dc:subject></rdf:Description>"
    b"</rdf:RDF></x:xmpmeta>"
)


@pytest.fixture(params=WRITTEN)
def kind(request):
    return request.param


@pytest.fixture
def written(finished, scene):
    """Format and marks -> the bytes of a small export."""

    def write(kind, *marks, claim=CLAIM, **more):
        done = finished(scene, format=kind, marks=marks, claim=claim, **more)
        return encode(mark(done), NOTHING).data

    return write


# --- every mark, read back from every format ---------------------------------------------------


@pytest.mark.parametrize("name", [name for name in MARKS if name not in ("visible", "watermark")])
def test_every_file_mark_is_read_back_from_every_format(written, kind, name):
    assert MARKS[name].read(written(kind), "") is None, "found in a file without it"
    assert MARKS[name].read(written(kind, name), "") is not None


def test_xmp_says_what_was_claimed(written, kind):
    told = xmp.parsed(written(kind, "xmp"))
    assert told["Xmp.plus.DataMining"].endswith("DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING")
    assert told["Xmp.dc.creator"] == [CLAIM.creator]
    assert told["Xmp.dc.rights"] == {'lang="x-default"': CLAIM.rights}
    assert told["Xmp.xmpRights.WebStatement"] == CLAIM.url
    assert told["Xmp.xmpRights.UsageTerms"] == {'lang="x-default"': "Ask first"}
    assert told["Xmp.iptcExt.DigitalSourceType"].endswith("/digitalCreation")


def test_xmp_is_merged_with_what_is_there(written, kind):
    told = xmp.parsed(written(kind, "xmp", xmp=OLD))
    assert told["Xmp.dc.subject"] == ["dragon"]
    assert told["Xmp.dc.creator"] == [CLAIM.creator]


def test_empty_fields_leave_the_file_alone(written):
    before = xmp.merged(replace(CLAIM, creator="Somebody"), OLD)
    told = xmp.parsed(written("png", "xmp", xmp=before, claim=Claim()))
    assert told["Xmp.dc.creator"] == ["Somebody"]


def test_what_nobody_chose_gives_way_to_the_artists_own_words(written):
    theirs = {"policy": "no-mining", "source_type": "digitisedFromPrint"}
    before = xmp.merged(Claim(**theirs), OLD)
    told = xmp.parsed(written("png", "xmp", xmp=before, claim=Claim()))
    assert told["Xmp.plus.DataMining"].endswith("/DMI-PROHIBITED"), "never loosened unasked"
    assert told["Xmp.iptcExt.DigitalSourceType"].endswith("/digitisedFromPrint")
    told = xmp.parsed(written("png", "xmp", xmp=before, claim=Claim(policy="no-training")))
    assert told["Xmp.plus.DataMining"].endswith("AIMLTRAINING"), "what was asked for is said"
    free = before.replace(b"DMI-PROHIBITED", b"DMI-ALLOWED")
    told = xmp.parsed(written("png", "xmp", xmp=free, claim=Claim()))
    assert told["Xmp.plus.DataMining"].endswith("EXCEPTSEARCHENGINEINDEXING")


def test_what_is_told_already_is_not_told_again(finished, scene):
    once = xmp.prepare(finished(scene, marks=("xmp",), claim=CLAIM, xmp=OLD))
    assert xmp.prepare(once) is once


def test_what_a_jpeg_cannot_hold_gives_way_to_the_reservation(finished, scene):
    long = OLD.replace(b"dragon", b"dragon " * 10_000)
    done = mark(finished(scene, format="jpeg", marks=("xmp",), claim=CLAIM, xmp=long))
    told = xmp.parsed(encode(done, NOTHING).data)
    assert told["Xmp.dc.creator"] == [CLAIM.creator] and "Xmp.dc.subject" not in told
    assert any("longer than a JPEG can hold" in str(note) for note in done.notes)


def test_a_tree_that_is_no_metadata_says_nothing():
    deep = OLD.replace(b"dragon", b"<a>" * 100 + b"</a>" * 100)
    wide = OLD.replace(b"dragon", b"<a/>" * 30_000)
    torn = OLD.replace(b"</rdf:Bag>", b"")
    assert [xmp.said(packet) for packet in (deep, wide, torn)] == [{}, {}, {}]
    assert xmp.said(OLD) == {"Xmp.dc.subject": ["dragon"]}


def test_png_keeps_xmp_in_itxt_and_only_there(written):
    data = written("png", "xmp", xmp=OLD)
    names = [name for name, _, _ in containers.blocks(data, "png")]
    assert names.count(b"iTXt") == 1 and b"zTXt" not in names and b"tEXt" not in names


def test_signing_leaves_the_pixels_alone(written, kind):
    plain, signed = written(kind, "xmp"), written(kind, "xmp", "c2pa")
    assert plain != signed
    assert torch.equal(read(plain).rgb, read(signed).rgb)


@pytest.mark.parametrize("kind16", ["png", "tiff"])
def test_sixteen_bits_stay_sixteen(finished, scene, kind16):
    done = finished(scene, depth=16, format=kind16, marks=("xmp", "c2pa", "receipt"), claim=CLAIM)
    back = read(encode(mark(done), NOTHING).data)
    assert back.keep.depth == 16
    assert (back.rgb - scene).abs().max() < 1e-5


def test_exiftool_agrees(written, kind, tmp_path):
    if not shutil.which("exiftool"):
        pytest.skip("exiftool is not installed")
    file = tmp_path / f"a.{kind}"
    file.write_bytes(written(kind, "xmp", "c2pa"))
    done = subprocess.run(["exiftool", "-j", "-G1", "-XMP:all", file], capture_output=True)
    told = json.loads(done.stdout)[0]
    assert told["XMP-iptcExt:DigitalSourceType"].endswith("/digitalCreation")
    assert told["XMP-tdm:Reservation"] == 1
    assert told["XMP-plus:DataMining"].endswith("DMI-PROHIBITED-EXCEPTSEARCHENGINEINDEXING")
    assert told["XMP-dc:Creator"] == CLAIM.creator
    assert told["XMP-xmpRights:WebStatement"] == CLAIM.url


# --- order -------------------------------------------------------------------------------------


def test_the_signature_comes_last_whatever_the_order_asked_for(written, kind):
    data = written(kind, "c2pa", "receipt", "xmp")
    assert c2pa.read(data).facts["state"] == "Valid"
    assert xmp.read(data) and MARKS["receipt"].read(data, "")


def test_a_signed_file_takes_no_more_metadata(written, finished, scene, kind):
    signed = written(kind, "c2pa")
    with pytest.raises(NotUsable, match="is signed already"):
        xmp.stamp(signed, finished(scene, format=kind, claim=CLAIM), NOTHING)


def test_every_stage_is_known_and_pixel_marks_alone_embed():
    for name in MARKS:
        assert MARKS[name].stage in STAGES
        assert (MARKS[name].stage == "pixels") == (MARKS[name].embed is not None)


# --- Content Credentials -----------------------------------------------------------------------


def test_the_manifest_refuses_all_four_uses_and_holds_no_picture(written, kind):
    facts = c2pa.read(written(kind, "c2pa", "xmp")).facts
    assert {key: one["use"] for key, one in facts["entries"].items()} == {
        "cawg.data_mining": "notAllowed",
        "cawg.ai_inference": "notAllowed",
        "cawg.ai_training": "notAllowed",
        "cawg.ai_generative_training": "notAllowed",
    }
    assert facts["thumbnails"] == []
    assert "c2pa.actions.v2" in facts["assertions"]
    assert not [one for one in facts["assertions"] if "thumbnail" in one or "ingredient" in one]


def test_a_thumbnail_would_be_seen():
    held = {"manifests": {"a": {"ingredients": [{"thumbnail": {"identifier": "x"}}]}}}
    assert c2pa.thumbnails(held)


def test_the_manifest_does_not_say_how_it_was_protected(written):
    data = written("png", "c2pa")
    told = json.dumps(c2pa.manifest(CLAIM)) + data.decode("latin-1")
    for word in ("cloak", "poison", "seed", "surrogate", "style"):
        assert word not in told


def test_one_flipped_byte_shows(written, kind):
    data = bytearray(written(kind, "xmp", "c2pa"))
    at = _pixel_byte(bytes(data), kind)
    data[at] ^= 1
    found = c2pa.read(bytes(data))
    assert found.facts["state"] == "Invalid"
    assert "hanged after signing" in str(found.says)


def _pixel_byte(data, kind):
    """A place that belongs to the picture itself.

    A JPEG's is looked for by the whole header of its scan of three components: two bytes may also
    stand in a signature, which is chance.
    """
    scan = b"\xff\xda\x00\x0c\x03"
    plain = {"png": b"IDAT", "webp": b"VP8", "avif": b"mdat", "jpeg": scan, "tiff": b"II*"}
    return data.find(plain[kind]) + 40


def test_a_saved_copy_has_no_signature(written):
    image = pyvips.Image.new_from_buffer(written("png", "c2pa"), "")
    assert c2pa.read(image.write_to_buffer(".png")) is None


def test_reading_never_asks_the_network():
    told = c2pa.settings()
    assert told["verify"] == {"remote_manifest_fetch": False, "ocsp_fetch": False}
    assert told["builder"]["thumbnail"]["enabled"] is False


def test_this_machines_certificate_is_untrusted_until_named(written):
    from glassine.marks import certificate

    data = written("jpeg", "c2pa")
    assert str(c2pa.read(data).says).startswith("Untrusted")
    root = (certificate.place_of(CLAIM.creator) / "chain.pem").read_text()
    assert str(c2pa.read(data, root).says).startswith("Trusted")


# --- hostile and malformed metadata ------------------------------------------------------------


def _chunk(name, body, size=None):
    return struct.pack(">I", len(body) if size is None else size) + name + body + bytes(4)


def _png(*chunks):
    head = _chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0))
    pixels = _chunk(b"IDAT", zlib.compress(b"\0\xff\xff\xff"))
    return b"\x89PNG\r\n\x1a\n" + head + b"".join(chunks) + pixels + _chunk(b"IEND", b"")


BOMB = zlib.compress(bytes(containers.LIMIT * 3), 9)
LAUGH = b'<?xpacket begin=""?><!DOCTYPE a [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
HOSTILE = {
    "100 MB chunk": _png(_chunk(b"iTXt", b"x" * 100, 100 << 20)),
    "compressed XMP": _png(_chunk(b"zTXt", b"XML:com.adobe.xmp\0\0" + BOMB)),
    "compressed iTXt": _png(_chunk(b"iTXt", b"XML:com.adobe.xmp\0\x01\0\0\0" + BOMB)),
    "compressed profile": _png(_chunk(b"iCCP", b"x\0\0" + BOMB)),
    "entities": b"\xff\xd8\xff\xe1" + LAUGH + OLD,
    "entities in UTF-16": b"\xff\xd8\xff\xe1" + LAUGH.decode().encode("utf-16-le") + OLD,
    "100 MB RIFF chunk": b"RIFF" + bytes(4) + b"WEBPXMP " + struct.pack("<I", 100 << 20),
    "100 MB TIFF tag": b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 700, 1, 100 << 20, 8),
    "100 MB meta box": b"\0\0\0\x10ftypavif" + bytes(4) + struct.pack(">I4s", 100 << 20, b"meta"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_metadata_is_refused_in_words(name):
    with pytest.raises(Unreadable, match=r"in this file's metadata .* (MB|entities)"):
        containers.check_metadata(HOSTILE[name])


@pytest.mark.parametrize("name", HOSTILE)
def test_examining_a_hostile_file_says_so_and_goes_on(name):
    seen = examine(HOSTILE[name])
    assert any("in this file's metadata" in str(why) for why in seen.unread)
    assert not seen.protected


def test_a_flood_of_metadata_takes_no_time():
    """One packet that never ends, opened again and again, and a million empty chunks."""
    began = time.process_time()
    assert containers.packet(b"<x:xmpmeta " * 1_000_000) is None
    with pytest.raises(Unreadable, match="pieces of metadata"):
        containers.check_metadata(_png(_chunk(b"tEXt", b"") * 1_000_100))
    with pytest.raises(Unreadable, match="MB of metadata"):
        containers.packet(b"<x:xmpmeta " * 2_000_000 + b"</x:xmpmeta>")
    assert time.process_time() - began < 60, "quadratic in the size of the file"


def test_honest_files_pass(written, kind):
    assert containers.check_metadata(written(kind, "xmp", "c2pa")) == kind


@pytest.mark.parametrize("cut", [0, 1, 7, 12, 40, 200])
def test_cut_off_files_are_no_surprise(written, kind, cut):
    seen = examine(written(kind, "xmp", "c2pa")[:cut])
    assert not seen.protected


def test_a_zip_bomb_in_a_kra_is_refused_in_words(tmp_path):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo("mimetype"), "application/x-krita")
        with archive.open("mergedimage.png", "w", force_zip64=True) as inside:
            for _ in range(120):
                inside.write(bytes(1 << 20))
    file = tmp_path / "bomb.kra"
    file.write_bytes(stream.getvalue())
    with pytest.raises(Unreadable, match="would unpack to"):
        read(file)
    for source in (file, file.read_bytes()):
        with pytest.raises(Unreadable, match="would unpack to"):
            fingerprint.open_small(source)
    assert not examine(file).protected


def test_wrong_words_are_refused_before_anything_is_written(written):
    for claim, says in (
        (Claim(policy="please"), "no policy 'please'"),
        (Claim(source_type="trainedAlgorithmicMedia"), "not made by hand"),
    ):
        with pytest.raises(NotUsable, match=says):
            written("png", "xmp", claim=claim)


# --- the visible mark --------------------------------------------------------------------------


@pytest.mark.parametrize("layout", ["corner", "tiled"])
def test_the_visible_mark_is_seen_and_spares_transparency(finished, scene, layout):
    alpha = torch.ones(1, *scene.shape[1:])
    alpha[:, :, 90:] = 0
    claim = Claim(visible=Visible("Do not copy", layout, 1.0))
    done = mark(finished(scene, alpha=alpha, marks=("visible",), claim=claim, depth=16))
    changed = (done.rgb - finished(scene).rgb).abs().amax(0) > 1e-4
    assert changed[:, :90].any()
    assert not changed[:, 90:].any(), "a transparent pixel was drawn on"
    assert any("visible mark" in note for note in map(str, done.notes))


def test_a_signature_picture_is_drawn_in_its_own_colour(finished, scene, tmp_path):
    ink = np.zeros((20, 60, 4), np.uint8)
    ink[5:15, 5:55] = (255, 0, 0, 255)
    file = tmp_path / "sign.png"
    pyvips.Image.new_from_array(ink).copy(interpretation="srgb").write_to_file(str(file))
    claim = Claim(visible=Visible(picture=str(file), opacity=1.0))
    done = mark(finished(scene, marks=("visible",), claim=claim))
    red = (done.rgb[0] > 0.98) & (done.rgb[1] < 0.02) & (done.rgb[2] < 0.02)
    assert red.sum() > 50


@pytest.mark.parametrize("wish", [Visible(""), Visible(opacity=0), Visible(picture="none.png")])
def test_a_visible_mark_that_cannot_be_seen_is_refused(finished, scene, wish):
    with pytest.raises(NotUsable):
        mark(finished(scene, marks=("visible",), claim=Claim(visible=wish)))


def test_letters_that_no_font_has_are_said_before_any_work_is_done():
    never = "\U0010fffd"
    for wish, told in ((Visible(f"Ann {never}"), never), (Visible("Änn & Жenya <3"), "")):
        assert visible.unseen(wish.text) == told
    with pytest.raises(NotUsable, match=f"{never}.*no font"):
        check_export(Export(marks=("visible",), claim=Claim(visible=Visible(f"Ann {never}"))))


# --- recognising what was protected before -----------------------------------------------------


def test_a_protected_file_is_recognised_and_its_original_is_not(written, scene):
    data = written("png", "xmp", "receipt")
    with pytest.raises(NotUsable, match="protected already"):
        refuse_protected(data)
    clean = FORMATS["png"].write(scene, None, read(data).keep, 92)
    refuse_protected(clean)
    assert examine(clean).alike[0][0] == 1, "it should still be said that it looks like export 1"


def test_a_signed_file_without_a_receipt_is_recognised(written):
    assert "signed" in str(examine(written("png", "c2pa")).protected)


def test_an_unknown_picture_is_not_taken_for_ones_own(written, finished):
    written("png", "receipt")
    other = encode(finished(torch.rand(3, 64, 64)), NOTHING).data
    assert not examine_pixels(read(other)).protected
    assert not examine(other).protected and not examine(other).alike
