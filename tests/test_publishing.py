"""Thirty files that tell too much, published by every way there is: nothing private comes out."""

import json
import zipfile
from importlib import import_module

import numpy as np
import planted
import pytest
import torch
from glassine.batch.worker import Worker, delivered
from glassine.evidence.drift import viewers
from glassine.service.methods import METHODS
from glassine.service.state import State
from glassine.types import quiet
from planted import OPEN, SECRET, plain
from typed import SMALL, run

optimise, verify = (import_module(f"glassine.flow.{name}") for name in ("optimise", "verify"))

KINDS = ("png", "jpeg", "webp", "tiff", "avif")
MARKS = ("--marks", "xmp,c2pa,receipt")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Five formats with all groups of tags together and alone, and as Krita's own file."""
    made, work = tmp_path_factory.mktemp("private"), tmp_path_factory.mktemp("work")
    for number, wanted in enumerate((planted.GROUPS, ("EXIF",), ("GPS",), ("XMP",), ("IPTC",))):
        for kind in KINDS:
            data = planted.planted(work, kind, plain(kind, seed=number), wanted)
            (made / f"{number}-{kind}.{kind}").write_bytes(data)
    for number in range(5):
        flat = (made / f"{number}-png.png").read_bytes()
        with zipfile.ZipFile(made / f"{number}.kra", "w") as inside:
            inside.writestr("mimetype", "application/x-krita")
            inside.writestr("mergedimage.png", flat)
            inside.writestr("documentinfo.xml", f"<author>{SECRET}</author>")
    assert len(list(made.iterdir())) == 30
    return made


@pytest.fixture(autouse=True)
def few_looks(monkeypatch):
    """What is published of a file depends neither on steps nor on how many encoders measure, and
    a worker that is a process is for the tests of batches."""
    draw = torch.Generator().manual_seed(2)

    def walk(plan, device, crop, watch):
        return ((torch.rand(plan.artwork.rgb.shape, generator=draw) - 0.5) / 16).half()

    monkeypatch.setattr(optimise, "walk", walk)
    monkeypatch.setattr(verify, "viewers", lambda *asked: viewers(*asked)[:1])
    monkeypatch.setattr(Worker, "do", lambda self, task, watch: delivered(task, watch))


def private_tags(place):
    """Group:Tag of whatever exiftool finds with the word in it and may not be published."""
    said = planted.exiftool("-ee", "-a", "-u", "-U", "-G1", "-j", "-r", place)
    rows = json.loads(said or "[]")
    found = {tag for row in rows for tag, value in row.items() if SECRET in str(value)}
    return found - OPEN, len(rows)


@pytest.mark.slow
def test_a_folder_in_one_go_and_what_find_tells_of_it(folder, tmp_path):
    copies, page = tmp_path / "copies", tmp_path / "found.html"
    assert run("batch", folder, "-o", copies, *SMALL, *MARKS, "--format", "jpeg") == 0
    found, count = private_tags(copies)
    assert not found and count >= 30
    assert run("find", copies, "--works", folder, "-o", page) == 0
    assert SECRET not in page.read_text("utf-8")
    assert not [one for one in copies.rglob("*.html") if SECRET in one.read_text("utf-8")]


@pytest.mark.slow
@pytest.mark.parametrize("form", ("png", "webp"))
def test_one_by_one_and_from_krita(folder, tmp_path, form):
    for source in (folder / f"0-{kind}.{kind}" for kind in KINDS):
        copy = tmp_path / f"{source.stem}.{form}"
        assert run("protect", source, *SMALL, *MARKS, "-o", copy) == 0
        wish = {"recipe": "cloak", "style": "ember", "strength": 60, "effort": "preview", "seed": 3}
        wish |= {"export": {"format": form, "marks": ["xmp"], "quality": 90}}
        pixels = np.dstack((planted.pixels(0), np.full((48, 64), 255, np.uint8)))
        about = {"width": 64, "height": 48, "order": "RGBA", "type": "u8"}
        ask = {"pixels": about, "intent": wish, "file": str(source)}
        answer = METHODS["export"](ask, {"pixels": bytearray(pixels.tobytes())}, quiet, State())
        (tmp_path / f"{source.stem}-krita.{form}").write_bytes(answer.blobs["file"])
    found, count = private_tags(tmp_path)
    assert not found and count >= 10
