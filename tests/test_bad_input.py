"""Whatever is handed in, the answer is a sentence that says what is wrong and what to do."""

import errno
import io
import os
import struct
import zipfile
import zlib

import numpy as np
import pytest
import torch
from glassine.errors import GlassineError, NotUsable, NotWritable, Unreadable
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.machine import files, memory
from glassine.types import Artwork, Intent, Keep
from PIL import Image

ROOT = os.name == "posix" and os.geteuid() == 0


def picture(name="png", size=(40, 40), **options):
    stream = io.BytesIO()
    Image.new("RGB", size, (90, 120, 200)).save(stream, name, **options)
    return stream.getvalue()


def noisy(name):
    pixels = np.random.default_rng(1).integers(0, 256, (200, 200, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, name)
    return stream.getvalue()


def png_header(width, height):
    """A PNG that promises a size and holds almost nothing."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def document(kind=b"application/x-krita", **entries):
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as folder:
        folder.writestr("mimetype", kind)
        for name, data in entries.items():
            folder.writestr(name.replace("_", "."), data, zipfile.ZIP_DEFLATED)
    return stream.getvalue()


def says(*parts):
    """All of these must be in the message, in any order."""

    def check(data):
        with pytest.raises(GlassineError) as caught:
            read(data)
        said = str(caught.value)
        assert all(part in said for part in parts), said
        assert said.endswith((".", "OUT")) and "\n" not in said and "Traceback" not in said, said

    return check


@pytest.mark.parametrize(
    ("data", "parts"),
    [
        (b"", ("empty", "export a PNG")),
        (b"Dear diary", ("not a picture", "png, jpeg")),
        (b"\x89PNG\r\n\x1a\n", ("cut off or damaged",)),
        (b"GIF89a....", ("a GIF", "does not open")),
        (b"%PDF-1.7", ("a PDF",)),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", ("HEIC", "Export a PNG")),
        (b"8BPS\0\1", ("Photoshop",)),
        (b"PK\3\4" + bytes(60), ("zip archive",)),
        (png_header(0, 0), ("0 x 0 pixels",)),
        (png_header(0, 40), ("0 x 40 pixels",)),
        (picture(size=(1, 1)), ("1 x 1", "at least 32")),
        (picture(size=(500, 8)), ("500 x 8", "at least 32")),
        (png_header(30000, 30000), ("30000 x 30000", "memory", "smaller copy")),
        (png_header(2**31 - 1, 2**31 - 1), ("2147483647 x", "memory")),
    ],
    ids=lambda value: repr(value[:12]) if isinstance(value, bytes) else "",
)
def test_what_is_no_usable_picture_is_refused_in_words(data, parts):
    says(*parts)(data)


def test_a_picture_that_is_too_large_is_refused_before_it_is_decoded(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 90 * 100 * 100)
    assert read(picture(size=(100, 100))).rgb.shape == (3, 100, 100)
    monkeypatch.setattr("glassine.formats.vips.planes", lambda image: pytest.fail("decoded"))
    says("101 x 100", "100 x 100 now")(picture(size=(101, 100)))


@pytest.mark.parametrize("name", ("png", "jpeg", "webp", "tiff", "avif"))
def test_a_file_that_was_cut_off_is_never_read_as_if_it_were_whole(name):
    data = noisy(name)
    for share in (0.999, 0.9, 0.5, 0.1):
        with pytest.raises(Unreadable, match=r"cut off or damaged|not a picture"):
            read(data[: int(len(data) * share)])


@pytest.mark.parametrize("name", ("png", "webp", "tiff", "avif"))
def test_a_damaged_file_is_an_error_or_harmless_but_never_a_crash(name):
    data, draw = bytearray(noisy(name)), np.random.default_rng(5)
    for place in draw.integers(0, len(data), 60):
        broken = bytearray(data)
        broken[place] ^= 0xFF
        try:
            assert read(bytes(broken)).rgb.shape[0] == 3
        except NotUsable as error:
            assert "\n" not in str(error)


@pytest.mark.parametrize("name", ("png", "webp", "tiff"))
def test_animations_and_several_pages_are_refused(name):
    frames = [Image.new("RGB", (40, 40), (k * 60, 0, 0)) for k in range(3)]
    stream = io.BytesIO()
    frames[0].save(stream, name, save_all=True, append_images=frames[1:])
    says("frames" if name != "png" else "animated", "each frame")(stream.getvalue())


def test_a_picture_of_nothing_but_transparency_is_refused():
    data = FORMATS["png"].write(torch.rand(3, 40, 40), torch.zeros(1, 40, 40), Keep(), 95)
    says("transparent everywhere", "layers")(data)


def test_a_krita_document_gives_its_flattened_picture():
    artwork = read(document(mergedimage_png=picture(size=(48, 40))))
    assert artwork.rgb.shape == (3, 40, 48)
    artwork = read(document(b"image/openraster", mergedimage_png=picture(size=(48, 40))))
    assert artwork.rgb.shape == (3, 40, 48)


def test_a_document_without_its_flattened_picture_says_how_to_get_one():
    says("no flattened picture", "Save it again")(document(maindoc_xml=b"<x/>"))


def test_a_document_with_a_bad_picture_is_refused():
    says("flattened picture in", "not a picture")  # the reader is named in the sentence
    with pytest.raises(NotUsable, match="flattened picture"):
        read(document(mergedimage_png=b"nonsense"))


def test_a_zip_that_unpacks_to_far_more_than_it_is_is_not_opened():
    says("unpack", "not opened")(document(mergedimage_png=bytes(100 << 20)))


def test_a_zip_that_lies_about_its_size_is_refused():
    data = bytearray(document(mergedimage_png=picture()))
    at = data.rfind(b"PK\x01\x02")  # the directory's entry of the picture
    data[at + 24 : at + 28] = struct.pack("<I", 7)
    says("cut off or damaged")(bytes(data))


def test_a_cut_off_document_is_refused():
    data = document(mergedimage_png=picture())
    says("cut off or damaged")(data[:-40])


def test_missing_files_folders_and_closed_files_are_said(tmp_path):
    with pytest.raises(Unreadable, match="There is no file"):
        read(tmp_path / "nowhere.png")
    with pytest.raises(Unreadable, match="is a folder"):
        read(tmp_path)


@pytest.mark.skipif(ROOT, reason="root may read everything")
def test_a_file_that_may_not_be_read_is_said(tmp_path):
    path = tmp_path / "closed.png"
    path.write_bytes(picture())
    path.chmod(0)
    with pytest.raises(Unreadable, match="may not be read by you"):
        read(path)


def test_a_file_that_the_system_refuses_is_said(tmp_path, monkeypatch):
    path = tmp_path / "closed.png"
    path.write_bytes(picture())

    def refuse(self):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(type(path), "read_bytes", refuse)
    with pytest.raises(Unreadable, match="may not be read by you"):
        read(path)


def test_the_original_is_never_written_over(tmp_path):
    path, other = tmp_path / "a.png", tmp_path / "b.png"
    path.write_bytes(b"original")
    os.link(path, other)  # another name of the same file
    for name in (path, other, tmp_path / "." / "a.png"):
        with pytest.raises(NotWritable, match="is the original"):
            files.write(name, b"new", never=[path])
    assert path.read_bytes() == b"original"


def test_a_missing_folder_and_a_file_in_its_place_are_said(tmp_path):
    with pytest.raises(NotWritable, match="there is no folder"):
        files.write(tmp_path / "none" / "a.png", b"x")
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(NotWritable, match="is a file, not a folder"):
        files.write(tmp_path / "file" / "a.png", b"x")
    with pytest.raises(NotWritable, match="is a folder"):
        files.write(tmp_path, b"x")


@pytest.mark.skipif(ROOT, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_said(tmp_path):
    tmp_path.chmod(0o500)
    with pytest.raises(NotWritable, match="may not be written to"):
        files.write(tmp_path / "a.png", b"x")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.ENOSPC, "disk is full"),
        (errno.EROFS, "may not be written to"),
        (errno.EACCES, "may not be written to"),
    ],
)
def test_a_write_that_fails_leaves_what_was_there(tmp_path, monkeypatch, number, words):
    path = tmp_path / "a.png"
    path.write_bytes(b"earlier")

    def refuse(descriptor):
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(files.os, "fsync", refuse)
    with pytest.raises(NotWritable, match=words):
        files.write(path, b"later")
    assert path.read_bytes() == b"earlier"
    assert os.listdir(tmp_path) == ["a.png"], "the temporary file was left behind"


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_disk_that_is_really_full_is_said(tmp_path, monkeypatch):
    real = files.created

    def on_full_disk(path, *permissions):
        stream = real(path, *permissions)
        os.dup2(os.open("/dev/full", os.O_WRONLY), stream.fileno())
        return stream

    monkeypatch.setattr(files, "created", on_full_disk)
    with pytest.raises(NotWritable, match="disk is full"):
        files.write(tmp_path / "a.png", b"x" * 100_000)
    assert os.listdir(tmp_path) == []


def test_an_interrupt_while_writing_leaves_nothing(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        files.write(tmp_path / "a.png", b"x")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("ask", [files.check_writable, lambda path: files.write(path, b"x")])
def test_an_interrupt_at_the_very_first_moment_leaves_nothing(tmp_path, monkeypatch, ask):
    real = files.created

    def interrupted(path, *permissions):
        real(path, *permissions).close()
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "created", interrupted)
    with pytest.raises(KeyboardInterrupt):
        ask(tmp_path / "a.png")
    assert os.listdir(tmp_path) == []


def test_a_written_file_is_as_readable_as_any_other(tmp_path):
    files.write(tmp_path / "a.png", b"x")
    (tmp_path / "b.png").write_bytes(b"x")
    modes = {path.stat().st_mode for path in tmp_path.iterdir()}
    assert len(modes) == 1 and (tmp_path / "a.png").read_bytes() == b"x"


def wanted(scene, **asked):
    return plan(Artwork(scene), Intent(seed=1, effort="preview", **asked))


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"recipe": "claok"}, "Did you mean 'cloak'"),
        ({"style": "embr"}, "Did you mean 'ember'"),
        ({"strength": "blanced"}, "Did you mean 'balanced'"),
        ({"surrogates": ("flx1",)}, "Did you mean 'flux1'"),
        ({"recipe": "poison"}, "without both of its words"),
        ({"recipe": "poison", "shows": "dog", "teach": "A Dog"}, "which is the same"),
        ({"recipe": "poison", "shows": "dog", "teach": "catt"}, "Did you mean 'cat'"),
        ({"recipe": "poison", "shows": "dog", "teach": "../../etc"}, "no anchor picture"),
        ({"mask": torch.ones(1, 10, 10)}, "mask is 10 x 10"),
        ({"mask": torch.zeros(1, 96, 128)}, "masked out"),
    ],
)
def test_a_request_that_cannot_be_served_is_refused_before_any_work(scene, asked, words):
    with pytest.raises(NotUsable, match=words):
        wanted(scene, **asked)
