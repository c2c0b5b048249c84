"""Reasons that are the real ones: what a file lacks, what a name is, which pictures are two."""

import io
import os
import re
import struct

import numpy as np
import pytest
import torch
import typed
from glassine.cli.commands.report import refuse_two
from glassine.errors import NotUsable, NotWritable, Unreadable
from glassine.flow.examine import ALIKE, bits_between
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.machine import files
from glassine.types import Artwork, Keep
from PIL import Image
from torch.nn.functional import interpolate

IMAGE = Image.fromarray(
    np.kron(
        np.random.default_rng(0).integers(0, 255, (8, 8, 3), np.uint8),
        np.ones((12, 12, 1), np.uint8),
    )
)


def coded(kind, **how):
    stream = io.BytesIO()
    IMAGE.save(stream, kind, **how)
    return stream.getvalue()


JPEG = coded("JPEG", quality=90)
PROGRESSIVE = coded("JPEG", quality=90, progressive=True)
RESTARTS = coded("JPEG", quality=90, restart_marker_blocks=4)
TIFF, PNG, WEBP, AVIF = coded("TIFF"), coded("PNG"), coded("WEBP"), coded("AVIF")
FRAME = JPEG.index(b"\xff\xc0")
COMPRESSION = TIFF.index(struct.pack("<HHI", 259, 3, 1)) + 8


def framed(marker, bits=8):
    return JPEG[:FRAME] + marker + JPEG[FRAME + 2 : FRAME + 4] + bytes([bits]) + JPEG[FRAME + 5 :]


def packed(scheme):
    return TIFF[:COMPRESSION] + struct.pack("<I", scheme) + TIFF[COMPRESSION + 4 :]


each_coding = pytest.mark.parametrize(
    "whole", (JPEG, PROGRESSIVE, RESTARTS), ids=("plain", "progressive", "restarts")
)


# --- JPEG without its end ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "whole", (JPEG, PROGRESSIVE, RESTARTS), ids=("plain", "progressive", "rst")
)
@pytest.mark.parametrize("end", (b"", b"\xff", bytes(700)), ids=("none", "half", "zeros"))
def test_a_jpeg_without_its_end_mark_is_read_with_a_sentence(whole, end):
    right, seen = read(whole), read(whole[:-2] + end)
    assert torch.equal(right.rgb, seen.rgb) and not right.notes
    assert [note.code for note in seen.notes] == ["jpeg.no_end"]


@pytest.mark.parametrize("lost", (3, 4, 9, 100, len(JPEG) // 2))
@pytest.mark.parametrize(
    "whole", (JPEG, PROGRESSIVE, RESTARTS), ids=("plain", "progressive", "rst")
)
def test_a_jpeg_that_lacks_a_single_byte_of_its_picture_is_cut_off(whole, lost):
    for data in (whole[:-lost], whole[:-lost] + bytes(300)):
        with pytest.raises(Unreadable, match="cut off or damaged"):
            read(data)


def test_a_progressive_jpeg_cut_between_two_scans_is_cut_off():
    at = [place for place in range(len(PROGRESSIVE)) if PROGRESSIVE[place:].startswith(b"\xff\xda")]
    assert len(at) > 4
    for place in at[1:]:
        with pytest.raises(Unreadable, match="cut off or damaged"):
            read(PROGRESSIVE[:place])


# --- reasons -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (framed(b"\xff\xc1", 12), "data precision 12"),
        (framed(b"\xff\xc3"), "color conversion"),  # lossless
        (framed(b"\xff\xc5"), "JPEG process"),  # hierarchical
        (framed(b"\xff\xf7"), "marker type 0xf7"),  # JPEG-LS
        (packed(50000), "ZSTD"),
        (packed(34925), "LZMA"),
        (packed(34712), "34712"),  # JPEG 2000
        (packed(34887), "LERC"),
        (packed(9), "scheme 9"),  # JBIG
        (packed(50002), "50002"),  # JPEG XL
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_not_supported_is_not_called_damaged(data, reason):
    with pytest.raises(Unreadable) as told:
        read(data)
    assert told.value.message.code == "vips.unread"
    assert re.search(reason, " ".join(told.value.message.details()))
    assert "whole" in str(told.value) and "export a PNG" in str(told.value)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (JPEG[:-40], "premature end of JPEG"),
        (PNG[:-60], "libpng read error"),
        (PNG[:60] + b"x" + PNG[61:], "libpng read error"),
        (WEBP[:-10], "unable to parse image"),
        (TIFF[: len(TIFF) // 2], "expected 8064"),
        (AVIF[:-50], "end of file"),
    ],
    ids=("jpeg", "png", "png-sum", "webp", "tiff", "avif"),
)
def test_what_is_damaged_is_told_with_the_line_of_the_library(data, reason):
    with pytest.raises(Unreadable) as told:
        read(data)
    said = " ".join((str(told.value), *told.value.message.details()))
    assert re.search(reason, said)
    assert told.value.message.code == "vips.damaged"
    assert "unable to write to memory" not in said and "_buffer" not in said and "vips" not in said


# --- names ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "command",
    [
        ("protect", ""),
        ("protect", "a.png", "-o", ""),
        ("protect", "a.png", "--mask", ""),
        ("protect", "a.png", "--target", ""),
        ("batch", "", "-o", "x"),
        ("batch", ".", "-o", ""),
        ("find", ""),
        ("find", ".", "--works", ""),
        ("report", ""),
        ("report", "a.png", "--original", ""),
        ("marks", "show", ""),
        ("preview", ""),
        ("models", "get", "--from", ""),
        ("suggest", ""),
        ("bench", "effect", ""),
    ],
    ids=" ".join,
)
def test_an_empty_name_is_a_command_that_was_not_understood(command, capsys):
    assert typed.run(*command) == 2
    assert "variable of your script" in capsys.readouterr().err


@pytest.mark.parametrize("name", (".", "..", "./", "/", "deep/..", "deep/"))
def test_a_folder_is_no_picture_and_says_what_takes_folders(name, tmp_path, monkeypatch, capsys):
    (tmp_path / "deep").mkdir()
    monkeypatch.chdir(tmp_path)
    assert typed.run("protect", name) == 3
    said = capsys.readouterr().err
    assert "is a folder" in said and "glassine batch" in said


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes that have names")
def test_what_has_no_end_is_not_read(tmp_path, capsys):
    pipe = tmp_path / "pipe.png"
    os.mkfifo(pipe)
    (tmp_path / "linked.png").symlink_to(pipe)
    good = tmp_path / "a.png"
    good.write_bytes(PNG)
    for name in (pipe, tmp_path / "linked.png", "/dev/zero", "/dev/null", "/dev/urandom"):
        assert typed.run("protect", name, "-o", tmp_path / "x.png") == 3
        assert "a pipe or a device" in capsys.readouterr().err
        for option in ("--mask", "--target", "--anchor"):
            assert typed.run("protect", good, option, name, "--recipe", "both") == 3
        for command in (("marks", "show"), ("report",), ("preview",)):
            assert typed.run(*command, name) != 0
    assert typed.run("protect", good, "--marks", "c2pa", "--certificate", pipe) != 0
    capsys.readouterr()


@pytest.mark.skipif(not os.path.exists("/dev/null"), reason="needs devices that have names")
def test_a_device_is_never_replaced_by_a_file(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "null.png").symlink_to("/dev/null")
    for path in (tmp_path / "pipe.png", tmp_path / "null.png"):
        with pytest.raises(NotWritable, match="a pipe or a device"):
            files.check_writable(path)
        with pytest.raises(NotWritable, match="a pipe or a device"):
            files.write(path, b"x")
    assert not os.path.isfile("/dev/null")


def test_a_file_that_the_system_makes_up_is_read_no_further_than_memory(tmp_path, monkeypatch):
    from glassine.flow import read as reading

    (tmp_path / "a.png").write_bytes(bytes(900))
    monkeypatch.setattr(reading.memory, "available", lambda: 1000)
    with pytest.raises(Unreadable, match="larger than half"):
        read(tmp_path / "a.png")
    monkeypatch.setattr(reading.files, "contents", lambda path, most: bytes(most))
    (tmp_path / "b.png").write_bytes(b"x")
    with pytest.raises(Unreadable, match="larger than half"):
        read(tmp_path / "b.png")


# --- two pictures --------------------------------------------------------------------------------


def drawn(seed=1):
    draw = np.random.default_rng(seed)
    canvas = np.full((120, 160, 3), draw.integers(60, 200, 3), np.uint8)
    for _ in range(60):
        y, x = draw.integers(0, 120), draw.integers(0, 160)
        canvas[y : y + 25, x : x + 25] = draw.integers(0, 255, 3)
    return Image.fromarray(canvas)


TURNS = {
    "a quarter": Image.Transpose.ROTATE_90,
    "quarter": Image.Transpose.ROTATE_270,
    "upside down": Image.Transpose.ROTATE_180,
    "mirrored": Image.Transpose.FLIP_LEFT_RIGHT,
    "but mirrored": Image.Transpose.FLIP_TOP_BOTTOM,
    "and mirrored": Image.Transpose.TRANSPOSE,
}


@pytest.mark.parametrize("said", TURNS)
def test_a_turned_original_is_said_to_be_turned(tmp_path, capsys, said):
    drawn().save(tmp_path / "copy.png")
    drawn().transpose(TURNS[said]).save(tmp_path / "before.png")
    asked = ("report", tmp_path / "copy.png", "--original", tmp_path / "before.png", "--quick")
    assert typed.run(*asked) == 3
    told = capsys.readouterr().err
    assert said in told and "SSIMULACRA2" not in told


def test_a_foreign_original_is_said_to_be_another_picture(tmp_path, capsys):
    drawn().save(tmp_path / "copy.png")
    drawn(2).save(tmp_path / "other.png")
    drawn().crop((20, 15, 160, 120)).resize((160, 120)).save(tmp_path / "part.png")
    Image.new("RGB", (160, 120), "teal").save(tmp_path / "flat.png")
    for name in ("other.png", "part.png", "flat.png"):
        asked = ("report", tmp_path / "copy.png", "--original", tmp_path / name, "--quick")
        assert typed.run(*asked) == 3
        assert "two different pictures" in capsys.readouterr().err


def test_a_smaller_or_stronger_copy_is_still_the_same_picture(tmp_path):
    from glassine.flow.examine import ALIKE, bits_between

    before = read(
        FORMATS["png"].write(
            torch.from_numpy(np.array(drawn())).permute(2, 0, 1) / 255.0, None, Keep(), 95
        )
    )
    noise = torch.randn(before.rgb.shape, generator=torch.Generator().manual_seed(1)) * 0.06
    strong = FORMATS["jpeg"].write((before.rgb + noise).clamp(0, 1), None, Keep(), 40)
    assert bits_between(before, read(strong)) <= ALIKE


def faint(seed):
    """A gentle slope with a soft grain of a few levels: its hash says which grain."""
    slope = torch.linspace(0.4, 0.5, 64)[:, None].expand(64, 64)
    grain = torch.rand(1, 3, 8, 8, generator=torch.Generator().manual_seed(seed)) - 0.5
    return Artwork(slope + 0.03 * interpolate(grain, (64, 64), mode="bilinear")[0])


def test_flat_pictures_are_told_by_their_pixels_where_a_fingerprint_is_chance():
    assert bits_between(faint(1), faint(2)) > ALIKE
    refuse_two(faint(1), faint(2), "a.png", "b.png")
    other = torch.rand(3, 64, 64, generator=torch.Generator().manual_seed(3))
    with pytest.raises(NotUsable, match="two different"):
        refuse_two(faint(1), Artwork(other), "a.png", "b.png")
