"""The look-up test: its rates, its intervals, and what it says first."""

import json

import pytest
import torch
from glassine.cli import cli
from glassine.errors import NotUsable
from glassine.faces.gallery import drawn_faces
from glassine.formats import FORMATS
from glassine.lookup import compared, people_in
from glassine.lookup.compare import in_gallery
from glassine.lookup.decoys import GROUP, returned
from glassine.lookup.rates import Rates, found_by, rate, rates, threshold
from glassine.lookup.robust import through_heads
from glassine.machine.device import choose
from glassine.types import Keep

ANN, BEN, CEM = (torch.eye(3)[n] for n in range(3))


def near(row, by):
    return row + torch.full((3,), by)


def test_the_interval_is_clopper_and_pearsons():
    """Values of R's binom.test."""
    for found, low, high in ((0, 0.0, 0.3085), (5, 0.1871, 0.8129), (10, 0.6915, 1.0)):
        seen = rate([1.0] * found + [0.0] * (10 - found))
        assert seen.share == found / 10
        assert (seen.low, seen.high) == pytest.approx((low, high), abs=1e-4)


def test_shares_are_means_over_people_and_not_over_photos():
    gallery = [("ann", ANN), ("ben", BEN)]
    probes = [("ann", near(ANN, 0.1))] * 9 + [("ben", near(ANN, 0.1))]
    seen = rates({"ann": gallery, "ben": gallery}, probes, 1.0)
    assert seen.rank1.share == 0.5 and seen.rank5.share == 1.0


def test_one_clean_photo_is_enough_to_be_found():
    clean, cloaked = [("ann", ANN), ("ann", ANN), ("ben", BEN)], [("ann", CEM), ("ann", CEM)]
    probes = [("ann", near(ANN, 0.05))]
    hidden = in_gallery("ann", cloaked, clean, 0.0)
    assert found_by("ann", hidden, probes, 0.5)[0] == 0
    assert found_by("ann", in_gallery("ann", cloaked, clean, 0.25), probes, 0.5)[0] == 1


def test_a_head_that_was_trained_on_cloaked_faces_undoes_what_every_cloak_does():
    """Each cloak adds the same to what a network sees; of the person looked up the head sees
    nothing while it is trained."""
    draw = torch.Generator().manual_seed(5)
    faces = torch.randn(12, 24, generator=draw)
    names = [f"p{n}" for n in range(len(faces))]
    shift = 2 * (faces[0] - faces[1]) - torch.randn(24, generator=draw)
    clean = list(zip(names, faces, strict=True))
    cloaked, probes = [(n, row + shift) for n, row in clean], [(n, row + 0.01) for n, row in clean]
    galleries = {name: in_gallery(name, cloaked, clean, 0.0) for name in names}
    hidden = rates(galleries, probes, threshold(clean, probes))
    found = through_heads(names, cloaked, clean, probes)
    assert hidden.rank1.share < 0.5 < 0.9 < found.rank1.share
    same = through_heads(names, clean, clean, probes)
    assert same.rank1.share == 1, "where nothing is cloaked a head hides nobody"


def test_who_is_in_no_picture_any_more_is_not_found():
    assert found_by("ann", [("ben", BEN)], [("ann", ANN)], 1.0) == (0, 0, 0)


@pytest.mark.parametrize(("people", "passing"), [(40, 16), (10, 1), (9, 0), (2, 0), (1, 0)])
def test_one_of_a_hundred_strangers_passes_and_no_more(people, passing):
    """(people: as many in the gallery as ask) Of fewer than a hundred pairs none passes."""
    draw = torch.Generator().manual_seed(3)
    faces = torch.randn(2 * people, 8, generator=draw)
    gallery = [(f"g{n}", row) for n, row in enumerate(faces[:people])]
    probes = [(f"p{n}", row) for n, row in enumerate(faces[people:])]
    most = threshold(gallery, probes)
    away = torch.cdist(*(torch.stack([row for _, row in side]) for side in (probes, gallery)))
    assert int((away < most).sum()) == passing


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Four drawn people; of each a picture in the gallery and a mirrored one as a probe."""
    place = tmp_path_factory.mktemp("people")
    for name, rgb in list(drawn_faces().items())[:3]:
        for kind, picture in (("gallery", rgb), ("clean", rgb), ("probes", rgb.flip(2))):
            (place / kind / name).mkdir(parents=True, exist_ok=True)
            data = FORMATS["png"].write(picture.contiguous(), None, Keep(), 95)
            (place / kind / name / "one.png").write_bytes(data)
    return place


@pytest.fixture(scope="module")
def found(folder):
    """On the two networks that ship, one of them used."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GLASSINE_MODELS", str(folder))
        return compared(people_in(folder), choose("cpu"), ("dlib",), after=("half",))


def test_an_unprotected_gallery_is_called_that_before_any_number(found):
    codes = [doubt.code for doubt in found.doubts]
    assert codes[0] == "lookup.found" and codes[-1] == "lookup.always"
    assert "lookup.kept" in codes and "lookup.controls" in codes and "lookup.few" in codes
    dlib = [line for line in found.lines if line.network == "dlib"]
    clean, cloaked = (
        next(line for line in dlib if line.what == what and not line.online).rates
        for what in ("clean", "cloaked")
    )
    assert isinstance(clean, Rates) and clean == cloaked, "both are the same pictures"
    assert {line.what for line in dlib} == {"clean", "cloaked", "blend", "scattered", "robust"}
    assert "lookup.robust" in codes
    halved = {line.what for line in dlib if line.after == "half"}
    assert halved == {"clean", "cloaked"} and {line.online for line in dlib} == {0, 0.25, 0.5}
    assert {line.role for line in found.lines} == {"used", "held out"}
    assert found.chance == 1 / 3 and found.people == 3 and found.pictures == 6


def test_the_check_speaks_and_gives_json_with_doubts_first(folder, found, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr("glassine.lookup.compared", lambda *_: found)
    monkeypatch.setattr("glassine.lookup.people_in", lambda _: None)
    assert cli.main(["face", "check", str(folder), "--after", "none"], standalone_mode=False) == 0
    said = capsys.readouterr().out
    assert said.startswith("Doubt: The network") and "people looked up" in said
    cli.main(["face", "check", str(folder), "--json"], standalone_mode=False)
    plain = json.loads(capsys.readouterr().out)
    assert next(iter(plain)) == "doubts" and plain["lines"][0]["rates"]["rank1"]["low"] < 1


def test_a_folder_without_people_is_a_sentence(tmp_path, folder):
    with pytest.raises(NotUsable, match="at least two people"):
        people_in(tmp_path)
    lonely = tmp_path / "gallery" / "ann"
    lonely.mkdir(parents=True)
    (lonely / "notes.txt").write_text("no picture")
    (lonely / "broken.png").write_bytes(b"no picture either")
    with pytest.raises(NotUsable, match="at least two people"):
        people_in(tmp_path)


def test_copies_and_originals_belong_together(folder, tmp_path):
    for kind in ("gallery", "clean"):
        (tmp_path / kind / "ann").mkdir(parents=True)
    (tmp_path / "gallery" / "ann" / "a.png").write_bytes(
        next((folder / "gallery").rglob("*.png")).read_bytes()
    )
    (tmp_path / "clean" / "ann" / "a.png").write_bytes(
        FORMATS["png"].write(torch.rand(3, 40, 50), None, Keep(), 95)
    )
    with pytest.raises(NotUsable, match="another size"):
        people_in(tmp_path)
    (tmp_path / "clean" / "ann" / "b.png").write_bytes(b"")
    with pytest.raises(NotUsable, match="different numbers"):
        people_in(tmp_path)


# --- decoys --------------------------------------------------------------------------------------


def test_what_a_look_up_returns_is_counted_picture_by_picture():
    gallery = [("ann", ANN), ("cem", CEM), (GROUP, near(ANN, 0.1)), (GROUP, BEN)]
    seen = returned("ann", gallery, [("ann", ANN), ("ann", near(ANN, 0.09))])
    assert (seen.own, seen.group, seen.among) == (0.5, 0.5, 0.5)


def put(folder, kind, who, name, change=lambda rgb: rgb):
    place = folder / kind / who
    place.mkdir(parents=True)
    rgb = change(drawn_faces()[name]).contiguous()
    (place / "one.png").write_bytes(FORMATS["png"].write(rgb, None, Keep(), 95))


def test_a_group_that_agreed_stands_in_for_a_person(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("GLASSINE_MODELS", str(tmp_path / "none"))
    put(tmp_path, "gallery", "ann", "face01")
    put(tmp_path, "gallery", "cem", "face02")
    put(tmp_path, "group", "ben", "face05")
    told = ["face", "decoys", str(tmp_path), "--for", "ann", "--networks", "mobileface"]
    told += ["--effort", "preview", "--seed", "1", "--marks", "none"]
    with pytest.raises(NotUsable, match="stand in for ann"):
        cli.main(told, standalone_mode=False)
    put(tmp_path, "probes", "ann", "face01", lambda rgb: rgb.flip(2))
    with pytest.raises(NotUsable, match=r"Pictures of ben .* must have agreed"):
        cli.main(told, standalone_mode=False)
    assert not (tmp_path / "decoys").exists(), "nothing is made without consent"
    before = (tmp_path / "group" / "ben" / "one.png").read_bytes()
    cli.main([*told, "--they-agreed", "--json"], standalone_mode=False)
    said = json.loads(capsys.readouterr().out)
    assert (tmp_path / "decoys" / "ben" / "one.glassine.png").exists()
    assert (tmp_path / "group" / "ben" / "one.png").read_bytes() == before
    (row,), found = said["pictures"], said["lookup"]
    assert row["recipe"] == "foggysight" and next(iter(found)) == "doubts"
    lines = {line["network"]: line for line in found["lines"]}
    assert lines["mobileface"]["role"] == "used" and lines["dlib"]["role"] == "held out"
    assert lines["mobileface"]["before"]["own"] == 1 and found["decoys"] == 1
