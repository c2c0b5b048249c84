"""Finding one's own work: copies and parts are found, strangers are not, and it can be stopped."""

import contextlib
import json
import os
import re
import sqlite3
import threading
from pathlib import Path

import numpy as np
import pytest
import pyvips
import torch
from click.testing import CliRunner
from glassine import find, ledger
from glassine.errors import Cancelled, NotUsable, NotWritable
from glassine.find import index, report
from glassine.flow.encode import encode
from glassine.ledger import fingerprint
from glassine.pixels.grid import on_grid, to_array
from glassine.types import Claim, Report, quiet

pytest.importorskip("cv2", reason="needs opencv-python-headless")

NOTHING = Report(None, (), ())


def painted(seed, height=300, width=400):
    """A picture with things in it: a few hundred strokes of different colour, size and place."""
    draw = np.random.default_rng(seed)
    canvas = np.full((height, width, 3), draw.integers(60, 200, 3), np.uint8)
    for _ in range(250):
        y, x = draw.integers(0, height), draw.integers(0, width)
        high, wide = draw.integers(4, 50, 2)
        canvas[y : y + high, x : x + wide] = draw.integers(0, 255, 3)
    return on_grid(torch.from_numpy(canvas).permute(2, 0, 1) / 255, 8)


def image(picture):
    return pyvips.Image.new_from_array(to_array(picture, 8)).copy(interpretation="srgb")


def save(picture, path, **how):
    (picture if isinstance(picture, pyvips.Image) else image(picture)).write_to_file(
        str(path), **how
    )


@pytest.fixture(scope="module")
def pictures():
    return [painted(seed) for seed in range(3)]


@pytest.fixture
def works(finished, pictures, tmp_path):
    """Three exports in the ledger; gives the bytes of each."""
    claim = Claim(creator="Ann Artist", title="Strokes")
    return [
        encode(finished(one, marks=("receipt", "xmp"), claim=claim), NOTHING).data
        for one in pictures
    ]


@pytest.fixture
def dump(tmp_path, works, pictures):
    """A folder with copies, parts and strangers. The name says what each is."""
    folder = tmp_path / "dump"
    (folder / "deep").mkdir(parents=True)
    (folder / "is same.png").write_bytes(works[0])
    whole = image(pictures[1])
    save(whole.resize(0.5), folder / "is half.jpg", Q=60)
    save(whole.fliphor(), folder / "is mirrored.webp", Q=80)
    save(whole.colourspace("b-w"), folder / "is grey.png")
    save(whole.crop(60, 40, 240, 180), folder / "deep" / "contains crop.jpg", Q=80)
    save(image(pictures[2]).rotate(12), folder / "contains turned.png")
    wall = image(painted(77, 600, 800)).insert(image(pictures[2]).resize(0.8), 200, 150)
    save(wall, folder / "contains wall.jpg", Q=85)
    for seed in range(20, 25):
        save(painted(seed), folder / f"stranger {seed}.jpg", Q=90)
    save(torch.ones(3, 90, 90), folder / "stranger white.png")
    save(torch.zeros(3, 90, 90), folder / "stranger black.png")
    (folder / "stranger text.png").write_text("not a picture")
    (folder / "stranger cut.jpg").write_bytes(works[0][:300])
    (folder / "stranger notes.txt").write_text("not looked at")
    return folder


def test_copies_and_parts_are_found_and_strangers_are_not(dump):
    found = find.search(dump, find.from_ledger())
    told = {hit.path.name: hit.verdict for hit in found.hits}
    wanted = {
        path.name: path.name.split()[0]
        for path in dump.rglob("*")
        if path.is_file() and not path.name.startswith("stranger")
    }
    assert told == wanted
    work = {hit.path.name: hit.work.export for hit in found.hits}
    assert work["is same.png"] == 1 and work["is half.jpg"] == 2
    assert work["contains wall.jpg"] == 3
    (same,) = [hit for hit in found.hits if hit.same]
    assert same.path.name == "is same.png" and "Ann Artist" in same.named.fields["names"]
    assert [hit.mirrored for hit in found.hits if "mirrored" in hit.path.name] == [True]
    assert len(found.problems) == 2, "the text and the cut-off file, and nothing else"
    assert any("never that it is not" in str(doubt) for doubt in found.doubts)


def test_works_can_come_from_a_folder(dump, tmp_path, pictures):
    own = tmp_path / "own"
    own.mkdir()
    save(pictures[1], own / "mine.png")
    (own / "broken.png").write_bytes(b"\x89PNG")
    works, problems = find.from_folder(own)
    assert [work.name for work in works] == ["mine.png"] and len(problems) == 1
    names = {hit.path.name for hit in find.search(dump, works).hits if hit.work}
    assert names == {"is half.jpg", "is mirrored.webp", "is grey.png", "contains crop.jpg"}


def test_metadata_alone_is_told_as_such(works, finished, tmp_path):
    folder = tmp_path / "named"
    folder.mkdir()
    other = finished(painted(50), marks=("xmp",), claim=Claim(creator="ANN ARTIST"))
    (folder / "a.png").write_bytes(encode(other, NOTHING).data)
    (hit,) = find.search(folder, find.from_ledger()).hits
    assert hit.verdict == "names" and hit.work is None


def test_a_second_search_reads_no_picture_again(dump, monkeypatch):
    works = find.from_ledger()
    first = find.search(dump, works)
    monkeypatch.setattr(index, "_row", lambda name: pytest.fail(f"{name} was read again"))
    assert find.search(dump, works) == first


def test_what_changed_is_looked_at_again_and_what_is_gone_forgotten(dump, pictures):
    works = find.from_ledger()
    find.search(dump, works)
    save(pictures[0], dump / "stranger 20.jpg", Q=70)
    (dump / "is half.jpg").unlink()
    names = {hit.path.name for hit in find.search(dump, works).hits}
    assert "stranger 20.jpg" in names and "is half.jpg" not in names


def test_an_index_of_an_older_version_is_made_again(dump):
    works = find.from_ledger()
    first = find.search(dump, works)
    with sqlite3.connect(index.index_path(dump)) as link:
        link.execute("UPDATE files SET problem = 'a sentence of old' WHERE problem != ''")
        link.execute("PRAGMA user_version=0")
    link.close()
    assert find.search(dump, works) == first


def test_it_goes_on_where_it_was_stopped(dump, monkeypatch):
    monkeypatch.setattr(index, "_BATCH", 4)
    looked = []
    row = index._row
    monkeypatch.setattr(index, "_row", lambda name: looked.append(name) or row(name))

    def stop(now):
        if now.done >= 8:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        find.search(dump, find.from_ledger(), watch=stop)
    before = set(looked)
    looked.clear()
    find.search(dump, find.from_ledger())
    assert len(before) == 8 and looked and not before & set(looked)


@pytest.mark.parametrize("stopped", (False, True))
def test_no_thread_is_left_of_a_search(dump, stopped):
    def watch(now):
        if stopped and now.stage == "compare":
            raise Cancelled("enough")

    before = set(threading.enumerate())
    with pytest.raises(Cancelled) if stopped else contextlib.nullcontext():
        find.search(dump, find.from_ledger(), watch=watch)
    assert not set(threading.enumerate()) - before


def test_a_damaged_index_is_said_in_words(dump):
    find.search(dump, find.from_ledger())
    index.index_path(dump).write_bytes(b"no database" * 1000)
    for more in ("-wal", "-shm"):
        index.index_path(dump).with_name(index.index_path(dump).name + more).unlink(missing_ok=True)
    with pytest.raises(NotUsable, match="delete it and search once more"):
        find.search(dump, find.from_ledger())


def test_without_works_it_says_what_to_do(tmp_path):
    with pytest.raises(NotUsable, match="no folder of works was named"):
        find.search(tmp_path, [])
    with pytest.raises(NotUsable, match="not a folder"):
        find.search(tmp_path / "absent", [find.Work("a", bytes(64), b"")])


def test_links_are_not_followed(tmp_path, works):
    (tmp_path / "in").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "a.png").write_bytes(works[0])
    try:
        (tmp_path / "in" / "link").symlink_to(tmp_path / "out", target_is_directory=True)
        (tmp_path / "in" / "b.png").symlink_to(tmp_path / "out" / "a.png")
    except OSError:
        pytest.skip("links need a privilege here")
    assert find.search(tmp_path / "in", find.from_ledger()).files == 0


def test_a_watermark_alone_is_found_when_all_are_listened_to(finished, paintings, tmp_path):
    """A part too blurred for features still carries the number."""
    from glassine.flow.mark import mark
    from glassine.flow.read import read

    done = mark(finished(read(paintings[0]).rgb, marks=("watermark", "receipt")))
    encode(done, NOTHING)
    folder = tmp_path / "blurred"
    folder.mkdir()
    save(image(done.rgb), folder / "a.png")
    (seen,) = (index.update(folder, lambda _: None), index.seen_files(folder))[1:]
    (one,) = list(seen)
    from glassine.find.search import with_mark

    (hit,) = with_mark(one, [], find.from_ledger())
    assert hit.verdict == "carries" and hit.mark.chance < 1e-3


def test_a_chance_counts_every_picture_that_was_listened_to():
    from glassine.find.hits import Hit
    from glassine.find.search import corrected
    from glassine.marks.watermark import Match

    work = find.Work("a", bytes(64), b"", 1, 5)
    hit = Hit(Path("a"), work, mark=Match(5, 30, 1e-6))
    (kept,) = corrected([hit], 100)
    assert kept.mark.chance == pytest.approx(1e-4)
    assert corrected([hit], 100_000) == [], "one in ten is no evidence"


# --- near-duplicates among one's own -------------------------------------------------------------


def test_own_duplicates_are_grouped(finished, pictures):
    for number, picture in enumerate((*pictures, pictures[0].flip(2) * 0.5, pictures[0][:, :200])):
        claim = Claim(title=f"work {number}")
        encode(finished(on_grid(picture, 8), marks=("receipt",), claim=claim), NOTHING)
    groups = find.clusters(find.from_ledger())
    assert [sorted(work.name for work in one.works) for one in groups] == [["work 0", "work 4"]]
    assert "likelier that a model memorises" in str(groups[0].says)


# --- the page and the command --------------------------------------------------------------------


def test_the_page_shows_both_pictures_and_trusts_no_name(dump, works):
    nasty = dump / "<img src=x onerror=alert(1)>.png"
    try:
        nasty.write_bytes(works[0])
    except OSError:
        pytest.skip("this system has no such file names")
    page = report.page(find.search(dump, find.from_ledger()))
    assert "<img src=x" not in page
    assert page.count("data:image/jpeg;base64,") == 2 * page.count("<article>") > 0
    assert not re.search(r'(src|href)="(?!data:)', page), "the page must need nothing else"
    assert page.index("never that it is not") < page.index("<article>"), "doubts come first"


def test_the_command_finds_and_writes_the_page(dump, tmp_path):
    from glassine.cli.commands.find import command

    out = tmp_path / "page.html"
    done = CliRunner().invoke(command, [str(dump), "-o", str(out), "--json"])
    assert done.exit_code == 0, done.output
    told = json.loads(done.stdout)
    assert len(told["hits"]) == 7 and out.read_text("utf-8").startswith("<!doctype html>")
    done = CliRunner().invoke(command, ["--own", "-o", str(out)])
    assert done.exit_code == 0 and "Side by side" in done.output
    assert CliRunner().invoke(command, []).exit_code == 2
    assert CliRunner().invoke(command, [str(dump), "--own"]).exit_code == 2


def test_a_file_that_is_like_two_works_is_one_file(tmp_path):
    from glassine.cli.commands.find import command

    folder, again = tmp_path / "dump", tmp_path / "works"
    for place, name in ((folder, "a.png"), (again, "one.png"), (again, "two.png")):
        place.mkdir(exist_ok=True)
        image(painted(1)).write_to_file(str(place / name))
    (folder / "b.png").write_bytes(b"\x89PNG")
    out = tmp_path / "page.html"
    done = CliRunner().invoke(command, [str(folder), "--works", str(again), "-o", str(out)])
    assert "1 of 2 files. Evidence" in done.stdout and "1 file could not" in done.stdout
    assert f"{folder / 'a.png'}: is your work (one.png, two.png)\n" in done.stdout
    assert "1 of 2 files found in" in out.read_text("utf-8")


@pytest.mark.parametrize("name", ("same.png", "mine.html"))
def test_the_page_goes_over_nothing_else(dump, works, name):
    from glassine.cli.commands.find import command

    (dump / "same.png").write_bytes(works[0])
    (dump / "mine.html").write_text("<p>mine</p>")
    before = (dump / name).read_bytes()
    for asked in ([str(dump)], ["--own"]):
        done = CliRunner().invoke(command, [*asked, "-o", str(dump / name)])
        assert isinstance(done.exception, NotWritable) and (dump / name).read_bytes() == before


def test_a_flat_picture_has_no_hash_and_matches_nothing():
    white = np.full((50, 50, 3), 250, np.uint8)
    assert not any(fingerprint.hashes(white))
    assert any(fingerprint.hashes(to_array(painted(1), 8)))


def test_the_index_holds_no_picture(dump):
    find.search(dump, find.from_ledger())
    with sqlite3.connect(index.index_path(dump)) as link:
        row = link.execute("SELECT * FROM files WHERE CAST(path AS TEXT) LIKE '%same%'").fetchone()
    link.close()
    assert sum(len(part) for part in row if isinstance(part, bytes)) < 8000
    assert ledger.entries()


# --- files that nothing can be made of -----------------------------------------------------------


@pytest.mark.parametrize("size", [(1, 1), (1, 300), (300, 1), (1, 480), (2, 3000)])
def test_a_sliver_of_a_picture_has_no_features_and_stops_no_search(dump, size):
    save(torch.rand(3, *size), dump / "stranger sliver.png")
    found = find.search(dump, find.from_ledger())
    assert len(found.hits) == 7
    works, _ = find.from_folder(dump)
    assert "stranger sliver.png" in {work.name for work in works}
    assert find.search(dump, works).hits


def test_a_picture_that_opencv_refuses_is_listed(dump, monkeypatch):
    import cv2

    class Refusing:
        def detectAndCompute(self, *_):
            raise cv2.error("(-215:Assertion failed) !empty() in function 'resize'")

    with monkeypatch.context() as one:
        one.setattr(cv2, "ORB_create", lambda count: Refusing())
        index.update(dump, quiet)
    problems = [seen.problem for seen in index.seen_files(dump) if seen.path.suffix == ".webp"]
    assert problems and "OpenCV" in str(problems[0]) and "Leave it out" in str(problems[0])


def test_names_that_are_no_text_are_listed_and_found(dump, works):
    try:
        Path(os.fsdecode(os.fsencode(dump) + b"/caf\xe9.png")).write_bytes(b"")
        Path(os.fsdecode(os.fsencode(dump) + b"/is caf\xe9.png")).write_bytes(works[0])
    except OSError:
        pytest.skip("this system has no such file names")
    found = find.search(dump, find.from_ledger())
    assert len(found.hits) == 8 and any("caf" in str(problem) for problem in found.problems)
    report.page(found).encode()
    mine, _ = find.from_folder(dump)
    report.page(find.search(dump, mine)).encode()
    report.own_page(find.clusters(mine, quiet)).encode()
