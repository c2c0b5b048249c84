"""The last step: the file as it will be posted, and what its format could not hold."""

from dataclasses import replace
from importlib import import_module

import pytest
import torch
from glassine.errors import NotUsable
from glassine.flow.encode import encode
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.marks import Mark
from glassine.pixels.grid import on_grid
from glassine.types import Artwork, Export, Intent, Keep, Protected

encoding = import_module("glassine.flow.encode")  # the file; the package shows the verb


def protected(rgb, alpha=None, depth=8, **export):
    artwork = Artwork(rgb, alpha, Keep(depth=depth, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"))
    asked = Intent(seed=1, surrogates=("embedded",), style="texture", export=Export(**export))
    return Protected(plan(artwork, asked), rgb)


@pytest.mark.parametrize("name", ("png", "tiff"))
def test_sixteen_bits_stay_sixteen_bits(scene, name):
    rgb = on_grid(scene + 0.3 / 65535 * torch.arange(scene.numel()).view_as(scene) / 1e4, 16)
    done = encode(protected(rgb, depth=16, format=name), None)
    assert torch.equal(read(done.data).rgb, rgb)
    assert done.format == name and not any("bits" in str(note) for note in done.notes)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"depth": 16, "format": "jpeg"}, "16 bits do not fit into jpeg; PNG and TIFF"),
        ({"depth": 16, "format": "webp"}, "16 bits do not fit into webp"),
        ({"format": "tiff", "keep_private": True}, "without the EXIF block"),
    ],
)
def test_what_a_format_cannot_hold_is_said(scene, given, words):
    assert any(words in str(note) for note in encode(protected(scene, **given), None).notes)


def test_lost_transparency_is_said(scene):
    alpha = torch.ones(1, *scene.shape[1:])
    alpha[:, :20] = 0
    done = encode(protected(scene, alpha, format="jpeg"), None)
    assert any("lies on white" in str(note) for note in done.notes)
    assert encode(protected(scene, alpha, format="png"), None).notes == ()


def test_marks_come_in_the_only_order_that_works(scene, monkeypatch):
    """Named the other way round they must still be: metadata, then the signature, then the record.

    What only the encoder can write is told to it before.
    """

    def stamp(letter):
        return lambda data, done, report: data + letter

    noted = []

    def note(data, done, report):
        noted.append(data)
        return data

    def prepare(done):
        return replace(done, rgb=torch.zeros_like(done.rgb))

    marks = {
        "record": Mark(says="r", stage="record", stamp=note),
        "sign": Mark(says="s", stage="signature", stamp=stamp(b"S")),
        "tell": Mark(says="t", stage="metadata", stamp=stamp(b"T"), prepare=prepare),
    }
    made = protected(scene)
    export = replace(made.plan.export, marks=("record", "sign", "tell"))
    made = replace(made, plan=replace(made.plan, export=export))
    monkeypatch.setattr(encoding, "MARKS", marks)
    done = encode(made, None)
    assert done.data.endswith(b"TS") and noted == [done.data]
    assert read(done.data[:-2]).rgb.max() == 0


def test_nothing_is_noted_of_a_file_that_may_never_be_written(scene, monkeypatch):
    noted = []
    mark = Mark(says="r", stage="record", stamp=lambda data, *_: noted.append(data) or data)
    made = protected(scene)
    export = replace(made.plan.export, marks=("note",))
    made = replace(made, plan=replace(made.plan, export=export))
    monkeypatch.setattr(encoding, "MARKS", {"note": mark})
    done = encoding.encode_unrecorded(made, None, ())
    assert noted == []
    encoding.note_in_ledger(done, made, None)
    assert noted == [done.data]


def test_a_mark_that_the_format_cannot_carry_is_refused(monkeypatch):
    only_png = Mark(
        says="x", stage="metadata", stamp=lambda data, done, report: data, formats=("png", "tiff")
    )
    monkeypatch.setattr(encoding, "MARKS", {"x": only_png})
    encoding.check_export(Export(format="png", marks=("x",)))
    with pytest.raises(NotUsable, match="Choose one of png, tiff"):
        encoding.check_export(Export(format="webp", marks=("x",)))


def test_formats_that_are_only_read_are_refused():
    with pytest.raises(NotUsable, match="only reads it"):
        encoding.check_export(Export(format="ora"))
