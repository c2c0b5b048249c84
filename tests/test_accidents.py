"""Ordinary requests and odd machines: each ends in a sentence and a code, never in a traceback."""

import io
import shutil
import sqlite3
import sys
from importlib import import_module

import pytest
import torch
from glassine.cli import main
from glassine.errors import NotUsable, NotWritable
from glassine.find import index
from glassine.flow.encode import check_unread
from glassine.flow.plan import plan
from glassine.formats import FORMATS
from glassine.machine import files
from glassine.marks import c2pa
from glassine.sitekit import kit, write
from glassine.types import Artwork, Claim, Export, Intent, Keep, quiet
from typed import SMALL, run

deliver, protect = (import_module(f"glassine.flow.{name}") for name in ("deliver", "protect"))

# --- sizes and numbers ---------------------------------------------------------------------------


def test_a_copy_that_would_be_too_small_is_refused_with_the_size_to_ask_for(painting, capsys):
    long = torch.rand(3, 40, 200)
    with pytest.raises(NotUsable, match=r"100 x 20.*at least 160 for"):
        plan(Artwork(long), Intent(export=Export(longest_side=100)))
    made = plan(Artwork(long), Intent(seed=1, export=Export(longest_side=160)))
    assert made.artwork.rgb.shape == (3, 32, 160)
    assert run("protect", painting, *SMALL, "--longest-side", 16) == 2


def test_a_preview_of_a_long_strip_stays_tall_enough():
    from glassine.service.preview import preview_copy

    assert preview_copy(Artwork(torch.rand(3, 40, 800)), 192).rgb.shape[1] == 32


def test_a_seed_that_no_generator_takes_is_refused(painting, capsys):
    assert run("protect", painting, "--seed", "9" * 20) == 2
    assert "--seed" in capsys.readouterr().err


@pytest.mark.parametrize("name", ("jpeg", "webp", "avif"))
def test_a_format_that_ends_before_the_picture_does_is_said_before_any_work(name):
    long = torch.full((3, 32, 65_600), 0.5)
    with pytest.raises(NotUsable, match=r"65600 x 32.*Choose PNG"):
        plan(Artwork(long), Intent(seed=1, style="ember", export=Export(format=name)))
    with pytest.raises(NotUsable, match="Choose PNG"):
        FORMATS[name].write(long, None, Keep(), 95)


def test_no_picture_is_no_measurement(tmp_path):
    assert run("bench", "effect", tmp_path, "--limit", 0) == 2


# --- names and places ----------------------------------------------------------------------------


def test_a_name_too_long_for_the_disk_is_said_before_any_work(painting, capsys, monkeypatch):
    monkeypatch.setattr(deliver, "verified", lambda *_, **__: pytest.fail("worked"))
    long = painting.with_name("絵" * 82 + ".png")
    try:
        painting.rename(long)
    except OSError:
        pytest.skip("this disk counts names in another way")
    assert run("protect", long, *SMALL) == 5
    assert "name is too long" in capsys.readouterr().err
    assert run("protect", long, *SMALL, "-o", painting.with_name("絵" * 90 + ".jpg")) == 5


def test_a_style_in_more_words_than_a_name_may_have_is_only_an_unknown_style(painting, capsys):
    assert run("protect", painting, *SMALL, "--style", "words " * 90) == 3
    assert "There is no style named" in capsys.readouterr().err


def test_a_name_too_long_is_never_written(tmp_path):
    with pytest.raises(NotWritable, match="name is too long"):
        files.write(tmp_path / ("a" * 300), b"x")


@pytest.mark.parametrize(
    ("arguments", "work"),
    [
        (("bench", "effect", ".", "--json", "none/b.json"), "glassine.cli.commands.bench.measured"),
        (("find", ".", "-o", "none/x.html"), "glassine.cli.commands.find.gathered_works"),
        (("find", "--own", "-o", "none/x.html"), "glassine.cli.commands.find.gathered_works"),
    ],
)
def test_what_cannot_be_written_is_said_before_any_work(
    painting, monkeypatch, capsys, arguments, work
):
    monkeypatch.chdir(painting.parent)
    run(arguments[0], "--help")  # loads it
    monkeypatch.setattr(work, lambda *_, **__: pytest.fail("worked"))
    assert run(*arguments) == 5
    assert "there is no folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("export", "to"),
    [
        (Export(format="ora"), ""),
        (Export(keep_path=True, marks=("xmp",)), ""),
        (Export(marks=("xmp",), claim=Claim(policy="whatever")), ""),
        (Export(marks=("c2pa",), claim=Claim(certificate="none.pem", key="none.pem")), ""),
        (Export(), "none"),
    ],
    ids=("format", "receipt", "policy", "certificate", "folder"),
)
def test_no_picture_is_decoded_for_an_export_that_cannot_be_written(
    painting, monkeypatch, export, to
):
    for name in ("deliver.opened", "protect.read"):
        monkeypatch.setattr(f"glassine.flow.{name}", lambda *_: pytest.fail("decoded"))
    intent = Intent(export=export)
    with pytest.raises(NotUsable):
        deliver.deliver(painting, painting.parent / to / "copy.png", intent)
    if not to:
        with pytest.raises(NotUsable):
            protect.protect(painting, intent)


def test_nobody_gets_a_key_before_the_file_has_said_its_name(monkeypatch):
    monkeypatch.setattr(c2pa.certificate, "signing", lambda *_: pytest.fail("made a key"))
    assert check_unread(Export(marks=("xmp", "c2pa", "receipt"))) == ()


def test_words_that_a_terminal_cannot_show_do_not_lose_the_work(painting, monkeypatch):
    other = painting.rename(painting.with_name("夜の湖.png"))
    out, err = (io.TextIOWrapper(io.BytesIO(), encoding="cp1252") for _ in range(2))
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "stderr", err)
    with pytest.raises(SystemExit) as end:
        main(["protect", str(other), *SMALL])
    out.flush()
    assert end.value.code == 0, err.buffer.getvalue()
    assert rb"\u591c\u306e\u6e56.png" in out.buffer.getvalue()


def test_a_site_kit_is_not_written_into_a_file(tmp_path):
    plain = tmp_path / "site"
    plain.write_text("mine")
    with pytest.raises(NotWritable, match="is a file, not a folder"):
        write(plain, kit())
    folder = tmp_path / "other"
    folder.mkdir()
    (folder / ".well-known").write_text("mine")
    with pytest.raises(NotWritable, match="is a file, not a folder"):
        write(folder, kit())


def test_an_index_that_has_no_place_is_said(tmp_path, monkeypatch):
    (tmp_path / "cache").write_text("a file")
    (tmp_path / "dump").mkdir()
    monkeypatch.setenv("GLASSINE_CACHE", str(tmp_path / "cache"))
    with pytest.raises(NotWritable, match="GLASSINE_CACHE"):
        index.update(tmp_path / "dump", quiet)
    monkeypatch.setenv("GLASSINE_CACHE", str(tmp_path))
    index.index_path(tmp_path / "dump").mkdir(parents=True)
    with pytest.raises(NotUsable, match="cannot be used"):
        index.update(tmp_path / "dump", quiet)


@pytest.mark.parametrize("name", ("folder", "root.der", "empty.pem"))
def test_what_is_no_certificate_is_not_trusted(painting, capsys, name):
    (painting.parent / "folder").mkdir()
    (painting.parent / "root.der").write_bytes(b"\x30\x82\xff\xfe")
    (painting.parent / "empty.pem").write_bytes(b"")
    assert run("marks", "show", painting, "--trust", painting.with_name(name)) in (2, 3)
    said = capsys.readouterr().err
    assert name in said and ("PEM" in said or "is a folder" in said)


def test_a_checkout_has_a_version(monkeypatch, capsys):
    from glassine import version

    def missing(name):
        raise version.PackageNotFoundError(name)

    monkeypatch.setattr(version, "version", missing)
    assert run("--version") == 0
    assert "checkout" in capsys.readouterr().out


# --- what nobody foresaw -------------------------------------------------------------------------


def test_an_accident_at_one_picture_does_not_end_the_others(painting, monkeypatch, capsys):
    other, real = painting.with_name("other.png"), deliver.opened
    shutil.copy(painting, other)

    def sometimes(source, again):
        if source == painting:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
        return real(source, again)

    monkeypatch.setattr(deliver, "opened", sometimes)
    assert run("protect", painting, other, *SMALL) == 1
    said = capsys.readouterr().err
    assert "teal.png" in said and "mat1 and mat2" in said and "Traceback" not in said
    assert other.with_name("other.glassine.png").exists()
    assert run("protect", painting, *SMALL, "--json") == 1


def test_a_full_disk_under_the_list_of_jobs_is_said(tmp_path):
    from glassine.batch.jobs import Job, Jobs

    class Full:
        def execute(self, *_):
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorname = "SQLITE_FULL"
            raise error

        def close(self):
            pass

    with Jobs(tmp_path) as jobs:
        base, jobs._base = jobs._base, Full()
        with pytest.raises(NotWritable, match="no space is left"):
            jobs.write(Job("a", "b", "c"), "file", "")
        jobs._base = base
