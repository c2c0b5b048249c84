"""What a folder holds besides pictures that can be protected: named, with the reason."""

import json
import os

import numpy as np
import pytest
import pyvips
import torch
import typed
from glassine import find
from glassine.batch import worker
from glassine.batch.folder import surveyed
from glassine.batch.worker import Worker
from glassine.errors import NotUsable, Unreadable
from glassine.find.works import from_folder
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.machine.strangers import stranger
from glassine.machine.tree import below
from glassine.types import Keep
from PIL import Image, ImageOps

KINDS = {
    "a.gif": (b"GIF89a" + bytes(20), "gif"),
    "a.psd": (b"8BPS\0\1" + bytes(20), "photoshop"),
    "a.psb": (b"8BPS\0\2" + bytes(20), "photoshop"),
    "a.svg": (b"<svg xmlns='x'/>", "svg"),
    "b.svg": (b"\xef\xbb\xbf<?xml version='1.0'?>\n<!-- drawn -->\n<svg/>", "svg"),
    "c.svg": ("<?xml version='1.0'?><svg/>".encode("utf-16"), "svg"),
    "a.svgz": (b"\x1f\x8b\x08" + bytes(20), "svg"),
    "a.mp4": (b"\0\0\0\x18ftypmp42" + bytes(20), "video"),
    "a.mov": (b"\0\0\0\x14ftypqt  " + bytes(20), "video"),
    "a.avi": (b"RIFF\0\0\0\0AVI LIST", "video"),
    "a.webm": (b"\x1aE\xdf\xa3" + bytes(20), "video"),
    "a.jxl": (b"\xff\x0a" + bytes(20), "jpeg_xl"),
    "b.jxl": (b"\0\0\0\x0cJXL \r\n\x87\n", "jpeg_xl"),
    "a.cr2": (b"II*\0\x10\0\0\0CR\2\0" + bytes(20), "raw"),
    "a.cr3": (b"\0\0\0\x18ftypcrx " + bytes(20), "raw"),
    "a.nef": (b"MM\0*\0\0\0\x08" + bytes(20), "raw"),
    "a.DNG": (b"II*\0\x08\0\0\0" + bytes(20), "raw"),
    "a.raf": (b"FUJIFILMCCD-RAW 0201", "raw"),
    "a.orf": (b"IIRO\x08\0\0\0", "raw"),
    "a.bmp": (b"BM\x36\0\0\0\0\0\0\0\x36\0\0\0", "bitmap"),
    "a.clip": (b"CSFCHUNK" + bytes(20), "clip_studio"),
    "a.procreate": (b"PK\x03\x04" + bytes(30), "procreate"),
    "a.sai": (os.urandom(64), "sai"),
    "a.sai2": (b"SAI-CANVAS-TYPE0", "sai"),
    "a.mdp": (b"mdipack\0" + bytes(20), "medibang"),
    "a.afphoto": (b"\0\xffKA" + bytes(20), "affinity"),
    "a.xcf": (b"gimp xcf v011\0", "gimp"),
    "a.ai": (b"%PDF-1.5\n", "illustrator"),
    "a.eps": (b"%!PS-Adobe-3.0 EPSF-3.0", "postscript"),
    "a.pdf": (b"%PDF-1.7\n", "pdf"),
    "a.tga": (b"\0\0\2\0" + bytes(20), "targa"),
    "a.ppm": (b"P6\n4 4\n255\n" + bytes(48), "portable"),
    "a.ico": (b"\0\0\1\0\1\0" + bytes(20), "icon"),
    "a.jp2": (b"\0\0\0\x0cjP  \r\n\x87\n", "jpeg_2000"),
    "a.exr": (b"\x76\x2f\x31\x01" + bytes(20), "openexr"),
    "a.hdr": (b"#?RADIANCE\n", "radiance"),
    "a.zip": (b"PK\x03\x04" + bytes(30), "zip"),
    "a.tar": (bytes(257) + b"ustar\0" + bytes(300), "archive"),
    "a.parquet": (b"PAR1" + bytes(20), "data_set"),
    "picture": (b"GIF89a" + bytes(20), "gif"),  # no suffix
    "sketch.final": (b"8BPS\0\1" + bytes(20), "photoshop"),
}
"""Name, beginning, and what it is; more kinds than are named anywhere else."""

RARE = {
    "a.cdr": (b"RIFF\0\0\0\0CDR9vrsn", "document"),
    "b.cdr": (b"PK\x03\x04" + bytes(30), "document"),
    "a.pspimage": (b"Paint Shop Pro Image File\n\x1a", "document"),
    "a.pdn": (b"PDN3" + bytes(20), "document"),
    "a.aseprite": (b"\x40\0\0\0\xe0\xa5" + bytes(20), "document"),
    "a.sketch": (b"PK\x03\x04" + bytes(30), "document"),
    "a.bpg": (b"BPG\xfb" + bytes(20), "rare"),
    "a.mng": (b"\x8aMNG\r\n\x1a\n", "rare"),
    "a.djvu": (b"AT&TFORM" + bytes(20), "rare"),
    "a.jxr": (b"II\xbc\x01" + bytes(20), "rare"),
    "a.wmf": (b"\xd7\xcd\xc6\x9a" + bytes(20), "rare"),
    "a.emf": (b"\1\0\0\0" + bytes(20), "rare"),
}
"""The same of others, which are told in the same two ways."""

PLAIN = {"notes.txt": b"BM is how it begins", "palette.gpl": b"GIMP Palette", "empty": b""}


def png(picture):
    return FORMATS["png"].write(picture, None, Keep(), 95)


@pytest.fixture
def folder(tmp_path, scene):
    """One picture that can be protected, and everything above beside it."""
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "good.png").write_bytes(png(scene[:, :48, :48]))
    for name, data in [*((name, data) for name, (data, _) in KINDS.items()), *PLAIN.items()]:
        (inside / name).write_bytes(data)
    return inside


@pytest.fixture
def links(folder, tmp_path, scene):
    """Links to a folder, to a picture elsewhere, and to nothing."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "far.png").write_bytes(png(scene[:, 8:56, :48]))
    try:
        (folder / "linked").symlink_to(other, target_is_directory=True)
        (folder / "far.png").symlink_to(other / "far.png")
        (folder / "gone.png").symlink_to(other / "gone.png")
        (folder / "round.png").symlink_to(folder / "round.png")
    except OSError:
        pytest.skip("links need a privilege here")
    return folder


@pytest.fixture
def without_process(monkeypatch):
    monkeypatch.setattr(Worker, "do", lambda self, work, watch: worker.delivered(work, watch))


@pytest.mark.parametrize("name", KINDS | RARE)
def test_a_kind_is_known_by_its_contents_or_its_name(name):
    data, kind = (KINDS | RARE)[name]
    assert stranger(data, name).code == f"stranger.{kind}"


def test_what_is_nothing_of_that_is_not_called_so():
    for name, data in PLAIN.items():
        assert stranger(data, name) is None
    assert stranger(b"<?xml version='1.0'?><html/>", "a.html").code == "stranger.xml"


def test_a_batch_passes_over_nothing_without_a_word(folder, tmp_path):
    found = surveyed(folder, tmp_path / "out")
    assert [path.name for path in found.pictures] == ["good.png"]
    told = {one.path.name: one.reason.code for one in found.passed}
    wanted = {name: f"stranger.{kind}" for name, (_, kind) in KINDS.items()}
    plain = {"notes.txt": "passed.no_picture", "palette.gpl": "passed.no_picture"}
    assert told == wanted | plain | {"empty": "passed.empty"}


def test_a_picture_is_known_by_its_contents_whatever_its_name(folder, tmp_path, scene):
    names = ("scan", "photo.PNG_large", "x.jpe", "y.bmp", "z.dat", "IMG.JFIF", "paint.jpg~")
    for name in names:
        (folder / name).write_bytes(png(scene[:, :48, :48]))
    pictures = {path.name for path in surveyed(folder, tmp_path / "out").pictures}
    assert pictures == {"good.png", *names}


def test_links_closed_folders_and_devices_are_named(links, tmp_path):
    os.mkfifo(links / "pipe.png")
    (links / ".git").mkdir()
    (links / ".git" / "deep.png").write_bytes(b"x")
    (links / "good.glassine.png").write_bytes(b"x")
    (links / "._good.png").write_bytes(b"\0\5\x16\7")
    found = surveyed(links, tmp_path / "out")
    told = {one.path.name: one.reason.code for one in found.passed}
    assert told["linked"] == "passed.linked_folder" and told["gone.png"] == "passed.nowhere"
    assert told["round.png"] == "passed.nowhere" and told["pipe.png"] == "passed.device"
    assert told[".git"] == told["._good.png"] == "passed.hidden"
    assert told["good.glassine.png"] == "passed.ours"
    assert {path.name for path in found.pictures} == {"good.png", "far.png"}


def test_a_folder_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    def walk(folder, onerror):
        onerror(PermissionError(13, "Permission denied", str(folder / "closed")))
        return iter(())

    monkeypatch.setattr(os, "walk", walk)
    _, (passed,) = below(tmp_path)
    assert passed.path == tmp_path / "closed" and passed.reason.code == "passed.closed"


@pytest.mark.usefixtures("without_process")
def test_the_end_of_a_batch_lists_what_it_passed_over(folder, tmp_path, capsys):
    asked = ("batch", folder, "-o", tmp_path / "out", "--effort", "preview", "--marks", "none")
    assert typed.run(*asked, "--surrogates", "embedded") == 0
    said = capsys.readouterr().out
    assert "Passed over: a Photoshop document (3): a.psb, a.psd, sketch.final" in said
    assert "Passed over: a camera's raw file (6)" in said
    assert f"{len(KINDS) + len(PLAIN)} were passed over. Export" in said
    assert typed.run(*asked, "--surrogates", "embedded", "--json") == 0
    told = json.loads(capsys.readouterr().out)["passed_over"]
    assert {row["name"] for row in told} == {*KINDS, *PLAIN}
    (clip,) = (row for row in told if row["name"] == "a.clip")
    assert clip["code"] == "stranger.clip_studio" and clip["says"] == "a Clip Studio document"


def test_a_folder_of_nothing_but_others_says_what_is_there(tmp_path):
    (tmp_path / "in").mkdir()
    with pytest.raises(NotUsable, match="There is nothing in"):
        surveyed(tmp_path / "in", tmp_path / "out")
    for number in range(15):
        (tmp_path / "in" / f"{number:02}.psd").write_bytes(b"8BPS")
    with pytest.raises(NotUsable, match=r"00\.psd \(a Photoshop document\).*and 3 more"):
        surveyed(tmp_path / "in", tmp_path / "out")


def test_the_preview_in_a_raw_file_is_not_taken_for_the_picture(tmp_path, scene):
    data = FORMATS["tiff"].write(scene[:, :48, :48], None, Keep(), 95)
    (tmp_path / "a.NEF").write_bytes(data)
    with pytest.raises(Unreadable, match="a camera's raw file"):
        read(tmp_path / "a.NEF")
    assert read(data).rgb.shape == (3, 48, 48)


# --- find ----------------------------------------------------------------------------------------


def drawn(seed=1):
    """A picture with a few hundred strokes."""
    draw = np.random.default_rng(seed)
    canvas = np.full((300, 400, 3), draw.integers(60, 200, 3), np.uint8)
    for _ in range(250):
        y, x = draw.integers(0, 300), draw.integers(0, 400)
        high, wide = draw.integers(4, 50, 2)
        canvas[y : y + high, x : x + wide] = draw.integers(0, 255, 3)
    return Image.fromarray(canvas)


@pytest.fixture
def searched(tmp_path):
    """A folder of one work of the artist's, and an empty one."""
    pytest.importorskip("cv2", reason="needs opencv-python-headless")
    for name in ("works", "dump"):
        (tmp_path / name).mkdir()
    drawn().save(tmp_path / "works" / "mine.png")
    works, _ = from_folder(tmp_path / "works")
    return tmp_path / "dump", works


@pytest.mark.parametrize(
    "name", ("copy", "a.jpe", "a.PNG_large", "a.bmp", "a.png?size=large", "0f3a.blob", "a.png.part")
)
def test_a_copy_is_found_whatever_its_name(searched, name):
    dump, works = searched
    drawn().save(dump / name, "PNG")
    (hit,) = find.search(dump, works).hits
    assert hit.path.name == name and hit.verdict == "is"


@pytest.mark.parametrize("kind", ("BMP", "GIF", "TIFF", "HEIF"))
def test_a_copy_is_found_in_every_kind_that_is_looked_at(searched, kind):
    dump, works = searched
    if kind == "HEIF":
        pytest.importorskip("pillow_heif", reason="needs pillow-heif").register_heif_opener()
    drawn().save(dump / "copy", kind)
    (hit,) = find.search(dump, works).hits
    assert hit.verdict == "is" and hit.inliers > 100


def test_negatives_are_found_and_called_so(searched):
    dump, works = searched
    ImageOps.invert(drawn()).save(dump / "negative.jpg", quality=85)
    ImageOps.mirror(ImageOps.invert(drawn())).resize((200, 150)).save(dump / "both.webp")
    ImageOps.invert(drawn(2)).save(dump / "stranger.jpg")
    hits = {hit.path.name: hit for hit in find.search(dump, works).hits}
    assert set(hits) == {"negative.jpg", "both.webp"}
    assert all(hit.negative and hit.verdict == "is" for hit in hits.values())
    assert hits["both.webp"].mirrored and not hits["negative.jpg"].mirrored
    assert any(said.code == "hit.negative" for said in hits["negative.jpg"].evidence)


@pytest.mark.parametrize("degrees", (30, 90, 150, 210, 330))
def test_shifted_hues_are_found(searched, degrees):
    dump, _ = searched
    array = np.array(drawn().convert("HSV"))
    array[..., 1] //= 2  # colours as people paint: pure ones change places with their lightness
    Image.fromarray(array, "HSV").convert("RGB").save(dump.parent / "works" / "mine.png")
    works, _ = from_folder(dump.parent / "works")
    array[..., 0] = (array[..., 0].astype(int) + degrees * 256 // 360) % 256
    Image.fromarray(array, "HSV").convert("RGB").save(dump / "shifted.jpg")
    (hit,) = find.search(dump, works).hits
    assert hit.verdict == "is"


def test_what_find_cannot_look_into_is_named_on_the_terminal(searched, capsys, links):
    for name, (data, _) in KINDS.items():
        (searched[0] / name).write_bytes(data)
    (searched[0] / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    (searched[0] / "caption.txt").write_text("a picture of a dog")
    page = searched[0].parent / "page.html"
    works = searched[0].parent / "works"
    assert typed.run("find", searched[0], "--works", works, "-o", page) == 0
    said = capsys.readouterr().out
    assert "a.clip' is a Clip Studio document, which Glassine does not look into" in said
    assert "a.parquet' is a table of a data set. Unpack it" in said
    assert "caption.txt" not in said and "more are only on the page" in said
    assert "broken.png" in page.read_text("utf-8")
    assert typed.run("find", links, "--works", works, "-o", page, "--json") == 0
    told = {row["code"] for row in json.loads(capsys.readouterr().out)["problems"]}
    assert {"find.passed", "find.kind", "find.unpack"} <= told


def test_links_inside_a_folder_hide_nothing_and_count_once(searched):
    """Caches of data sets name every picture by a link to a file without a suffix."""
    dump, works = searched
    (dump / "blobs").mkdir()
    drawn().save(dump / "blobs" / "0f3a9c", "PNG")
    try:
        (dump / "a.png").symlink_to(dump / "blobs" / "0f3a9c")
    except OSError:
        pytest.skip("links need a privilege here")
    found = find.search(dump, works)
    assert found.files == 1 and len(found.hits) == 1 and not found.problems
    assert torch.equal(read(dump / "a.png").rgb, read(dump / "blobs" / "0f3a9c").rgb)


def test_pyvips_reads_no_bitmap():
    """Why a bitmap goes through Pillow; where this fails, that way can go."""
    with pytest.raises(pyvips.Error):
        pyvips.Image.new_from_buffer(b"BM" + bytes(60), "")
