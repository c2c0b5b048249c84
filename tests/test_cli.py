"""The command line as people and programs meet it."""

import contextlib
import json
import math
import os
import signal
import subprocess
import sys
from hashlib import sha256
from itertools import count
from pathlib import Path
from threading import Thread

import pytest
import torch
from click.shell_completion import BashComplete
from glassine import ledger
from glassine.batch.worker import Worker, delivered
from glassine.cli import COMMANDS, cli
from glassine.cli.commands import protect
from glassine.errors import NotUsable, NotWritable
from glassine.flow import deliver, pages
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.machine import device, files
from glassine.marks import MARKS
from glassine.messages import message
from glassine.messages.terminal import VARIABLES
from glassine.types import Cost, Effect, Encoded, Intent, Keep, Report
from glassine.units import Levels, Score
from typed import SMALL, run
from waiting import line

pytestmark = pytest.mark.usefixtures("one_viewer")


def started(*arguments, **options):
    command = [sys.executable, "-m", "glassine.cli", *map(str, arguments)]
    return subprocess.Popen(command, stdout=-1, stderr=-1, text=True, **options)


def test_the_overview_loads_nothing_heavy_and_is_fast():
    code = (
        "import click, sys, time; needed = time.process_time()\n"
        "from glassine.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'numpy', 'pyvips', 'rich', 'PIL'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "print(time.process_time() / needed)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    *shown, times = done.stdout.splitlines()
    assert float(times) < 3, "of the processor time that Python and click take on this machine"
    assert all(any(line.strip().startswith(name) for line in shown) for name in COMMANDS)
    assert "Exit codes" in done.stdout and "130" in done.stdout


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_loads_and_teaches(name, capsys):
    assert run(name, "--help") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"Usage: glassine {name}") and len(said.splitlines()) > 5
    assert all(len(line) <= 110 for line in said.splitlines())


def test_a_picture_or_folder_without_a_command_is_met_with_its_command(capsys, tmp_path):
    picture = tmp_path / "protct"
    for path, wanted in ((picture, "protect"), (tmp_path, "batch")):
        picture.write_bytes(b"")
        assert run(str(path)) == 2
        assert f"glassine {wanted} {path}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("option", "said"),
    [("--quality", "is not a whole number"), ("--opacity", "is not a number")],
)
def test_a_word_for_a_number_is_met_with_what_is_wanted(option, said, capsys):
    assert run("protect", "a.png", option, "much") == 2
    assert said in capsys.readouterr().err


def test_a_line_of_a_batch_names_its_picture(capsys, monkeypatch):
    from glassine.batch.run import BatchState
    from glassine.cli.commands import batch

    monkeypatch.setattr(batch, "monotonic", count(0, 31).__next__)  # a line in 30 s
    batch.batch_lines()(BatchState(done=0, failed=0, skipped=0, total=2, name="a.png"))
    assert capsys.readouterr().err == "[0/2] a.png\n"


def test_a_wrong_command_is_met_with_the_nearest(capsys):
    assert run("protct") == 2
    assert "Did you mean 'protect'?" in capsys.readouterr().err


@pytest.mark.parametrize("shell", ("bash", "zsh", "fish"))
def test_completion_scripts_are_printed(shell, capsys):
    assert run("completion", shell) == 0
    assert "_GLASSINE_COMPLETE" in capsys.readouterr().out


def test_the_shell_completes_commands_options_and_names(monkeypatch):
    def asked(words):
        monkeypatch.setenv("COMP_WORDS", words)
        monkeypatch.setenv("COMP_CWORD", str(len(words.split()) - 1))

    def values(said):
        return {line.split(",", 1)[-1] for line in said.split()}

    def offered(words):
        asked(words)
        return values(BashComplete(cli, {}, "glassine", "_GLASSINE_COMPLETE").complete())

    asked("glassine pro")
    command, wish = [sys.executable, "-m", "glassine.cli"], {"_GLASSINE_COMPLETE": "bash_complete"}
    done = subprocess.run(command, env=os.environ | wish, capture_output=True, text=True)
    assert "protect" in values(done.stdout)
    assert "--strength" in offered("glassine protect --str")
    assert "ember" in offered("glassine protect --style em")
    assert offered("glassine protect --marks xmp,rec") == {"xmp,receipt"}


@pytest.mark.parametrize(
    "words",
    (
        *(f"protect --{name} pic" for name in ("out", "target", "anchor", "mask", "style")),
        *(f"protect --{name} pic" for name in ("signature", "certificate", "key")),
        *("protect pic", "batch pic", "report pic", "report --target pic", "report --json pic"),
    ),
)
def test_the_shell_completes_files_where_one_is_wanted(words):
    shell = BashComplete(cli, {}, "glassine", "_GLASSINE_COMPLETE")
    *before, last = words.split()
    kinds = {item.type for item in shell.get_completions(before, last)}
    assert kinds & {"file", "dir"} and "plain" not in kinds


def test_protect_writes_a_copy_and_a_page_and_says_so_in_five_lines(painting, capsys):
    before = painting.read_bytes()
    assert run("protect", painting, *SMALL) == 0
    out, err = capsys.readouterr()
    assert painting.read_bytes() == before
    made = painting.with_name("teal.glassine.png")
    page = painting.with_name("teal.glassine.html").read_text("utf-8")
    assert "<html" in page and "http" not in page.split("<body")[0].replace("http-equiv", "")
    copy, clean = read(made), read(painting)
    assert copy.rgb.shape == clean.rgb.shape and copy.keep.ppi == clean.keep.ppi
    assert 0 < (copy.rgb - clean.rgb).abs().mean() < 0.05
    told = [line for line in out.splitlines() if "note: " not in line.lower()]
    (note,) = (line for line in out.splitlines() if "WebP" in line)
    assert len(told) == 5 and "SSIMULACRA2" in out and "blend" in out
    assert "WebP at quality 95 would have" in note and "of the effect" in note
    assert "carries “No AI training” in the metadata" in told[0]
    assert MARKS["xmp"].read(made.read_bytes(), "")
    assert "of" in err and "\x1b" not in out + err, "no bars where there is no terminal"


def test_a_file_carries_nothing_where_that_was_asked_for(painting, capsys):
    assert run("protect", painting, *SMALL, "--marks", "none") == 0
    made = painting.with_name("teal.glassine.png").read_bytes()
    assert b"xmpmeta" not in made and ledger.entries() == []
    assert "; carries" not in capsys.readouterr().out.splitlines()[0]


def test_the_same_seed_gives_the_same_pixels(painting, tmp_path):
    for name in ("a.png", "b.png"):
        assert run("protect", painting, *SMALL, "-o", tmp_path / name, "--marks", "none") == 0
    assert (tmp_path / "a.png").read_bytes() == (tmp_path / "b.png").read_bytes()


def test_the_receipt_keeps_the_path_and_lies_beside_the_file_only_when_asked(painting, capsys):
    assert run("protect", painting, *SMALL, "--title", "Teal") == 0
    made = painting.with_name("teal.glassine.png")
    assert list(painting.parent.glob("*.json")) == []
    (entry,) = ledger.entries()
    assert entry.path == ""
    asked = ("--seed", "4", "--keep-path", "--sidecar", "--again")
    assert run("protect", painting, *SMALL, *asked) == 0
    beside = painting.with_name("teal.glassine.png.receipt.json")
    assert str(beside) in capsys.readouterr().out
    told = json.loads(beside.read_text("utf-8"))
    assert told["sha256"] == sha256(made.read_bytes()).hexdigest() and told["id"] == 2
    assert "path" not in told and str(painting.parent) not in beside.read_text("utf-8")
    assert ledger.find_export("2").path == str(made.resolve())
    assert run("ledger", "show", "2") == 0
    assert str(made.resolve()) in capsys.readouterr().out


def test_what_was_not_written_is_not_in_the_ledger(painting, monkeypatch, capsys):
    def full(path, data, **_):
        raise NotWritable("file.not_written", path=path, reason=message("file.disk_full"))

    with monkeypatch.context() as patch:
        patch.setattr(files, "write", full)
        assert run("protect", painting, *SMALL) == 5
    assert ledger.entries() == [] and "disk is full" in capsys.readouterr().err
    assert run("protect", painting, *SMALL) == 0
    (entry,) = ledger.entries()
    made = painting.with_name("teal.glassine.png").read_bytes()
    assert entry.sha256 == sha256(made).hexdigest()
    assert run("protect", painting, *SMALL, "--again") == 0 and len(ledger.entries()) == 1


@pytest.mark.parametrize("lost", (".html", ".json"))
def test_a_page_or_receipt_that_cannot_be_written_leaves_the_file_and_says_so(
    painting, monkeypatch, capsys, lost
):
    write = files.write

    def some(path, data, **more):
        if path.suffix == lost:
            raise NotWritable("file.not_written", path=path, reason=message("file.disk_full"))
        write(path, data, **more)

    monkeypatch.setattr(files, "write", some)
    assert run("protect", painting, *SMALL, "--sidecar") == 5
    copy, said = painting.with_name("teal.glassine.png"), capsys.readouterr().err
    assert copy.exists() and len(ledger.entries()) == 1
    assert f"copy is written, whole, as '{copy}'. But '" in said and f"{lost}' could not" in said


def test_a_ledger_that_fails_at_the_end_is_said_beside_what_is_written(
    painting, monkeypatch, capsys
):
    def locked(entry):
        raise NotUsable("ledger.unusable", file="mine", reason="locked")

    monkeypatch.setattr(ledger, "record_export", locked)
    assert run("protect", painting, *SMALL) == 5
    said = capsys.readouterr().err
    assert "teal.glassine.png' and its page are written, whole" in said
    assert "Only the ledger has no entry for the copy: The ledger" in said


def test_a_receipt_that_is_off_cannot_lie_beside_the_file(painting, capsys):
    for option in ("--sidecar", "--keep-path"):
        assert run("protect", painting, *SMALL, "--marks", "none", option) == 3
        assert "Switch it on" in capsys.readouterr().err
    assert not painting.with_name("teal.glassine.png").exists()


def test_json_is_all_there_is_on_standard_output(painting, capsys):
    assert run("protect", painting, *SMALL, "--json", "--format", "jpeg") == 0
    out, err = capsys.readouterr()
    (row,) = json.loads(out)["pictures"]
    assert err == "" and row["file"].endswith("teal.glassine.jpg") and row["seed"] == 3
    assert {"closed", "blend", "role"} <= set(row["effects"][0])


def test_json_has_null_for_what_was_not_measured(painting, scene, finished, monkeypatch, capsys):
    """As for a picture from 640 px on, whose reduced copies are measured only in part."""
    row = Effect("sd15", "used", "trained512", 0.1, math.nan, 0.1, 0.05)
    cost = Cost(Score(70), math.inf, 0.97, None, Levels(9), 0.98)
    made = deliver.Delivered(
        painting,
        painting,
        painting,
        None,
        Encoded(b"", "png", ()),
        finished(scene),
        Report(cost, (row,), ()),
    )
    monkeypatch.setattr(deliver, "deliver", lambda *_, **__: made)
    assert run("protect", painting, "--json") == 0
    out = capsys.readouterr().out
    (told,) = json.loads(out, parse_constant=lambda name: pytest.fail(name))["pictures"]
    assert told["effects"][0]["scattered"] is None and told["cost"]["psnr"] is None
    assert told["effects"][0]["closed"] == 0.1 and told["cost"]["colour_shift"] is None


@pytest.mark.parametrize(
    ("variables", "words"),
    [
        ({"GLASSINE_LANGUAGE": "de"}, "gibt es nicht"),
        ({"GLASSINE_LANGUAGE": "ja", "LANG": "de_DE.UTF-8"}, "がありません"),
        ({"LC_ALL": "de_AT.UTF-8", "LANG": "ja_JP.UTF-8"}, "gibt es nicht"),
        ({"LC_MESSAGES": "ja_JP", "LANG": "en_GB"}, "がありません"),
        ({"LANG": "fr_FR.UTF-8"}, "There is no file"),
        ({"LANG": "C.UTF-8"}, "There is no file"),
        ({}, "There is no file"),
    ],
)
def test_the_command_line_speaks_the_language_of_the_terminal(
    tmp_path, monkeypatch, capsys, variables, words
):
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert run("protect", tmp_path / "none.png", "--json") == 3
    out, err = capsys.readouterr()
    assert words in err, "for people"
    (row,) = json.loads(out)["pictures"]
    assert row["error"]["says"].startswith("There is no file"), "programs are told in English"


def test_json_also_tells_what_failed(tmp_path, capsys):
    assert run("protect", tmp_path / "none.png", "--json") == 3
    (row,) = json.loads(capsys.readouterr().out)["pictures"]
    assert "There is no file" in row["error"]["says"] and row["error"]["code"] == "read.absent"


def test_poison_needs_both_words_and_prints_the_caption(painting, capsys):
    assert run("protect", painting, *SMALL, "--shows", "dog") == 3
    assert "--shows dog --teach cat" in capsys.readouterr().err
    assert run("protect", painting, *SMALL, "--shows", "An Apple", "--teach", "cat") == 0
    said = capsys.readouterr().out
    assert "apple taught as cat" in said and '"a picture of an apple"' in said


def test_a_protected_copy_is_recognised(painting, capsys):
    assert run("protect", painting, *SMALL) == 0
    assert run("protect", painting.with_name("teal.glassine.png"), *SMALL) == 3
    assert "protected already" in capsys.readouterr().err
    assert not painting.with_name("teal.glassine.glassine.png").exists()


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--recipe", "claok"), 2, "claok"),
        (("--style", "embr"), 3, "Did you mean 'ember'"),
        (("--strength", "stong"), 3, "Did you mean 'strong'"),
        (("--surrogates", "embeded"), 3, "Did you mean 'embedded'"),
        (("--surrogates", "flux1"), 4, "glassine models get"),
        (("--format", "pgn"), 3, "Did you mean 'png'"),
        (("--format", "kra"), 3, "only reads it"),
        (("-o", "x.wepb"), 3, "Did you mean 'webp'"),
        (("--marks", "xpm"), 3, "Did you mean 'xmp'"),
        (("--target", "nowhere.png"), 3, "no file 'nowhere.png'"),
        (("--mask", "nowhere.png"), 3, "no file 'nowhere.png'"),
        (("--strength", "120"), 2, "between 0 and 100"),
        (("-o", "none/x.png"), 5, "there is no folder"),
    ],
)
def test_what_cannot_be_served_ends_in_a_sentence_and_its_code(
    painting, monkeypatch, capsys, arguments, code, words
):
    monkeypatch.chdir(painting.parent)
    assert run("protect", "teal.png", "--effort", "preview", *arguments) == code
    assert words in capsys.readouterr().err
    assert [path.name for path in painting.parent.iterdir()] == ["teal.png"]


POISON = ("--shows", "dog", "--teach", "cat")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*POISON, "--recipe", "poison", "--style", "ember"), "--style was given, and the recipe"),
        ((*POISON, "--recipe", "poison", "--target", "teal.png"), "--recipe both"),
        ((*POISON, "--recipe", "cloak"), "--shows was given, and the recipe 'cloak'"),
        (("--recipe", "cloak", "--anchor", "teal.png"), "--anchor was given"),
        (("--target", "teal.png", "--style", "ember"), "--style and --target"),
        (("--visible", "Ann"), "--marks visible,xmp,receipt"),
        (("--signature", "teal.png"), "--marks visible,xmp,receipt"),
        (("--opacity", ".5"), "--marks visible,xmp,receipt"),
        (("--layout", "tiled", "--marks", "none"), "--marks visible\n"),
        (("--certificate", "nope.p12"), "--marks c2pa,xmp,receipt"),
        (("--key", "nope.pem", "--marks", "xmp"), "--marks c2pa,xmp"),
        (("--artist", "Ann", "--marks", "receipt"), "one of xmp, c2pa: --marks xmp,receipt"),
        (("--policy", "no-mining", "--marks", "receipt"), "--marks xmp,receipt"),
        (("--terms", "None", "--marks", "c2pa"), "--marks xmp,c2pa"),
        (("--title", "Teal", "--marks", "watermark"), "--marks xmp,watermark"),
        (("--format", "jpeg", "-o", "x.png"), "OUT ends in '.png'"),
        (("--format", "png", "-o", "x.JPG"), "end in '.png'"),
        (("--format", "jpg", "-o", "x.wepb"), "end in '.jpg'"),
        (("--quality", "80"), "png keeps every pixel"),
        (("--quality", "80", "-o", "x.tif"), "tiff keeps every pixel"),
    ],
)
def test_no_option_is_dropped_without_a_word(painting, monkeypatch, capsys, arguments, words):
    monkeypatch.chdir(painting.parent)
    monkeypatch.setattr(deliver, "verified", unwanted, raising=False)
    assert run("protect", "teal.png", "--effort", "preview", *arguments) == 2
    assert words in capsys.readouterr().err
    assert [path.name for path in painting.parent.iterdir()] == ["teal.png"]


def unwanted(*_, **__):
    raise NotUsable("plan.nothing_free")


def intent(monkeypatch, *arguments):
    """What `protect` makes of the arguments."""
    wanted = []
    monkeypatch.setattr(
        deliver, "deliver", lambda *given, **_: wanted.append(given[2]) or unwanted()
    )
    run("protect", "teal.png", *arguments)
    return wanted[0]


def test_a_style_beside_the_words_of_a_poison_asks_for_both(monkeypatch):
    assert intent(monkeypatch, *POISON, "--style", "ember").recipe == "both"
    assert intent(monkeypatch, *POISON).recipe == "poison"
    assert intent(monkeypatch, *POISON, "--recipe", "both", "--style", "ember").style == "ember"
    assert intent(monkeypatch, "--title", "Teal").export.claim.title == "Teal"
    assert intent(monkeypatch, "--format", "jpg", "-o", "x.JPEG").export.format == "jpeg"


def test_what_stands_in_the_environment_may_be_of_no_use(monkeypatch):
    monkeypatch.setenv("GLASSINE_ARTIST", "Ann")
    monkeypatch.setenv("GLASSINE_CERTIFICATE", "nope.p12")
    assert intent(monkeypatch).export.claim.creator == "Ann"


def test_the_original_is_never_the_output(painting, capsys):
    assert run("protect", painting, *SMALL, "-o", painting) == 5
    assert "is the original" in capsys.readouterr().err


def test_a_picture_that_glassine_did_not_make_is_not_written_over(
    painting, tmp_path, scene, capsys
):
    other = tmp_path / "other.png"
    other.write_bytes(FORMATS["png"].write(scene[:, :64, :64], None, Keep(), 95))
    before = other.read_bytes()
    assert run("protect", painting, *SMALL, "-o", other) == 5
    assert other.read_bytes() == before and "--again" in capsys.readouterr().err
    assert not other.with_suffix(".html").exists()
    assert run("protect", painting, *SMALL, "-o", other, "--again", "--marks", "none") == 0
    capsys.readouterr()
    assert run("protect", painting, *SMALL, "-o", other, "--seed", "4") == 5
    assert "an earlier protected copy" in capsys.readouterr().err, "its page knows it"
    assert run("protect", painting, *SMALL, "-o", other, "--again") == 0
    other.with_suffix(".html").unlink()
    capsys.readouterr()
    assert run("protect", painting, *SMALL, "-o", other) == 5
    assert "an earlier protected copy" in capsys.readouterr().err, "the ledger knows it"


def test_a_page_that_glassine_did_not_write_is_not_written_over(painting, tmp_path, capsys):
    mine = tmp_path / "cats.html"
    mine.write_text("<h1>Cats</h1>")
    assert run("protect", painting, *SMALL, "-o", tmp_path / "cats.png") == 5
    assert mine.read_text() == "<h1>Cats</h1>"
    assert "is not a page of evidence" in capsys.readouterr().err
    assert not (tmp_path / "cats.png").exists()


def test_a_search_and_a_protected_picture_keep_their_pages_from_each_other(painting, capsys):
    assert run("protect", painting, *SMALL) == 0
    page, found = painting.with_name("teal.glassine.html"), painting.with_name("cats.html")
    before = page.read_text("utf-8")
    for asked in ([painting.parent], ["--own"]):
        assert run("find", *asked, "-o", page) == 5
    assert page.read_text("utf-8") == before and "about a search" in capsys.readouterr().err
    assert run("find", painting.parent, "-o", found) == 0
    assert run("protect", painting, *SMALL, "-o", painting.with_name("cats.png")) == 5
    assert "about a protected picture" in capsys.readouterr().err
    assert run("find", painting.parent, "-o", found) == 0, "its own it may replace"


def test_a_receipt_that_glassine_did_not_write_is_not_written_over(painting, tmp_path, capsys):
    mine = tmp_path / "cats.png.receipt.json"
    mine.write_text('{"sold": "2025-02-01"}')
    wanted = ("protect", painting, *SMALL, "-o", tmp_path / "cats.png", "--sidecar")
    assert run(*wanted) == 5
    assert "sold" in mine.read_text() and "--again" in capsys.readouterr().err
    assert not (tmp_path / "cats.png").exists()
    assert run(*wanted, "--again") == 0 and "sold" not in mine.read_text()
    assert run(*wanted, "--seed", "4", "--again") == 0, "it is a receipt now"


def test_of_what_is_no_receipt_no_more_is_read_than_a_receipt_can_have(painting, tmp_path, capsys):
    mine = tmp_path / "cats.png.receipt.json"
    receipt = '{"sha256": "", "hashes": "", "chain": "", "more": "'
    for text in (receipt + "x" * (1 << 20) + '"}', "[" * 100_000):
        mine.write_text(text)
        assert run("protect", painting, *SMALL, "-o", tmp_path / "cats.png", "--sidecar") == 5
        assert "and is not a receipt" in capsys.readouterr().err


@pytest.mark.parametrize("formats", (("png", "jpeg"), ("jpeg", "png")))
def test_two_formats_of_one_picture_keep_their_pages(painting, formats):
    for format_, style in zip(formats, ("ember", "glacier"), strict=True):
        assert run("protect", painting, *SMALL, "--style", style, "--format", format_) == 0
    copies = [painting.with_name(f"teal.glassine{end}") for end in (".png", ".jpg")]
    names = sorted(path.name for path in painting.parent.glob("*.html"))
    assert names == ["teal.glassine.html", "teal.glassine.jpg.html"]
    assert pages.page_record(copies[0].with_suffix(".html")).format == "png"
    told = {pages.settings_of(copy).format: pages.settings_of(copy).goals[0] for copy in copies}
    assert [told[name].fields["style"] for name in formats] == ["ember", "glacier"]


def test_of_several_pictures_the_good_ones_are_done(painting, capsys):
    bad = painting.with_name("bad.png")
    bad.write_bytes(b"nonsense")
    assert run("protect", bad, painting, *SMALL) == 1
    assert "not a picture" in capsys.readouterr().err
    assert painting.with_name("teal.glassine.png").exists()


def test_a_mask_of_the_wrong_size_is_said(painting, tmp_path, capsys):
    mask = tmp_path / "mask.png"
    mask.write_bytes(FORMATS["png"].write(torch.ones(3, 40, 40), None, Keep(), 95))
    assert run("protect", painting, *SMALL, "--mask", mask) == 3
    assert "The mask is 40 x 40" in capsys.readouterr().err


def test_a_mask_leaves_the_rest_alone_bit_by_bit(painting, tmp_path):
    mask = torch.zeros(3, 64, 64)
    mask[:, :, 32:] = 1
    path = tmp_path / "mask.png"
    path.write_bytes(FORMATS["png"].write(mask, None, Keep(), 95))
    assert run("protect", painting, *SMALL, "--mask", path) == 0
    change = (read(painting.with_name("teal.glassine.png")).rgb - read(painting).rgb).abs()
    assert change[:, :, :32].max() == 0 and change[:, :, 32:].max() > 0


@pytest.mark.skipif(os.name != "posix", reason="sends a Unix signal")
@pytest.mark.parametrize("number", (signal.SIGINT, signal.SIGTERM))
def test_stopped_in_the_middle_it_leaves_nothing(painting, number):
    with started("protect", painting, "--effort", "full", "--surrogates", "embedded") as process:
        line(process.stderr, "latents")  # it has begun when it tells of its first step
        process.send_signal(number)
        said = process.stderr.read()
    assert process.returncode == 130 and "Stopped" in said
    assert [path.name for path in painting.parent.iterdir()] == ["teal.png"]


def test_a_reader_that_goes_away_is_no_crash():
    with started("preview") as process:
        process.stdout.close()
        assert process.stderr.read() == ""


def test_doctor_tells_people_and_programs(capsys):
    assert run("doctor") == 0
    said = capsys.readouterr().out
    assert "CPU" in said and "missing  flux1" in said and "glassine models get" in said
    assert run("doctor", "--json") == 0
    assert json.loads(capsys.readouterr().out)["surrogates"]["flux1"]["present"] is False


def test_preview_lists_and_draws(painting, capsys):
    assert run("preview") == 0
    said = capsys.readouterr().out
    assert "ember" in said and "cat" in said and "texture" in said
    assert run("preview", painting) == 0
    assert read(Path(painting.with_name("teal.styles.png"))).rgb.shape[2] > 300
    assert run("preview", painting) == 0, "a sheet may be replaced by a sheet"
    photo = painting.with_suffix(".jpg")
    photo.write_bytes(FORMATS["jpeg"].write(read(painting).rgb, None, Keep(), 95))
    assert run("preview", photo) == 0
    assert painting.with_name("teal.jpg.styles.png").exists(), "not over the other's sheet"


def test_a_sheet_of_styles_never_replaces_a_picture(painting, capsys):
    other = painting.with_name("other.png")
    other.write_bytes(painting.read_bytes())
    assert run("preview", painting, "-o", painting.with_name("sheet.jpg")) == 5
    assert "ends in '.png'" in capsys.readouterr().err
    assert run("preview", painting, "-o", other) == 5
    assert "is not a sheet of styles" in capsys.readouterr().err
    assert other.read_bytes() == painting.read_bytes()


def test_a_glance_tells_whether_a_file_is_ours(painting, monkeypatch, capsys):
    """It may be a video of many gigabytes."""
    mine = painting.with_name("mine.png")
    mine.write_bytes(b"mine" * 200)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"read all of {path}"))
    assert run("preview", painting, "-o", mine) == 5
    assert run("report", painting, "--original", painting, "--json", mine) == 5
    assert capsys.readouterr().err.count("exists already and is not") == 2


def test_a_bar_is_shown_on_a_terminal_only(painting, monkeypatch, capsys):
    pty = pytest.importorskip("pty", reason="needs a pseudo terminal")
    main, other = pty.openpty()
    drawn = bytearray()

    def read_all():
        with contextlib.suppress(OSError):  # the terminal is closed
            while part := os.read(main, 4096):
                drawn.extend(part)

    reader = Thread(target=read_all)
    reader.start()
    with open(other, "w", encoding="utf-8") as terminal, monkeypatch.context() as patch:
        patch.setattr(sys, "stderr", terminal)
        assert run("protect", painting, *SMALL) == 0
    reader.join()
    os.close(main)
    assert "\x1b" not in capsys.readouterr().out
    assert b"\x1b[" in drawn and b"teal.png" in drawn


def test_no_two_copies_share_a_name_even_where_case_does_not_count(tmp_path):
    folders = ("", "one", "two", "three")
    sources = [tmp_path / one / name for one in folders for name in ("a.png", "A.png", "a.jpg")]
    for source in sources:
        source.parent.mkdir(exist_ok=True)
        source.touch()
    to = [target for _, target in protect.copies_beside(sources, str(tmp_path / "out"), Intent())]
    assert len({str(target).casefold() for target in to}) == len(sources)
    assert [target.name for target in to[:3]] == [
        "a.glassine.png",
        "A.png.glassine.png",
        "a.jpg.glassine.png",
    ]


def test_the_copy_of_one_picture_is_not_written_over_by_its_neighbours(painting):
    assert run("protect", painting, *SMALL) == 0
    first = painting.with_name("teal.glassine.png")
    kept = first.read_bytes()
    photo = painting.with_suffix(".jpg")
    photo.write_bytes(FORMATS["jpeg"].write(read(painting).rgb, None, Keep(), 95))
    second = painting.with_name("teal.jpg.glassine.png")
    for _ in range(2):
        assert run("protect", photo, *SMALL, "--again") == 0
        assert first.read_bytes() == kept and second.exists()


def test_the_processor_can_be_asked_for_where_a_card_makes_trouble(
    painting, tmp_path, monkeypatch, capsys
):
    card, here = (
        device.Device("mps", message("device.card", maker="A", name="card"), torch.float32),
        device.choose("cpu"),
    )
    monkeypatch.setattr(device, "usable_devices", lambda: [card, here])
    monkeypatch.setattr(Worker, "do", lambda self, work, watch: delivered(work, watch))
    folder = painting.parent / "in"
    folder.mkdir()
    (folder / "one.png").write_bytes(painting.read_bytes())
    copy = painting.with_name("teal.glassine.png")
    asked = (*SMALL, "--device", "cpu")
    assert run("protect", painting, *asked) == 0
    assert run("report", copy, "--quick", "--device", "cpu") == 0
    assert run("batch", folder, "-o", tmp_path / "out", *asked) == 0
    made = copy.with_suffix(".html"), copy.with_name("teal.glassine.report.html")
    for page in (*made, tmp_path / "out" / "one.glassine.html"):
        assert pages.page_record(page).device == here.says
        assert not any("A card" in str(note) for note in pages.page_record(page).notes)
    capsys.readouterr()
    for verb in (("protect", painting), ("batch", folder, "-o", tmp_path), ("report", copy)):
        assert run(*verb, "--device", "xpu") == 3
        assert "Found here: mps, cpu." in capsys.readouterr().err
    assert run("protect", painting, "--device", "abacus") == 2
