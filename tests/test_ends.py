"""Ends that tell everything: a home that may only be read, a full disk, copies that lie there."""

import errno
import os
import sqlite3
from dataclasses import replace

import numpy as np
import pytest
import pyvips
import torch
import typed
from glassine import ledger
from glassine.batch import worker
from glassine.batch.run import batch, hopeless
from glassine.batch.worker import Outcome, Worker
from glassine.errors import NotUsable, NotWritable
from glassine.flow import deliver as delivering
from glassine.flow.deliver import ALL, Again, deliver
from glassine.flow.examine import examine, refuse_protected
from glassine.formats import FORMATS
from glassine.ledger import fingerprint
from glassine.machine import files
from glassine.messages import message
from glassine.types import Export, Intent, Keep, Report
from typed import SMALL

NOTHING = Report(None, (), ())
INTENT = Intent(
    effort="preview", surrogates=("embedded",), style="texture", seed=3, export=Export(marks=())
)


@pytest.fixture
def read_only(monkeypatch, tmp_path):
    """A home in which nothing can be made: a file stands where the ledger's folder would be."""
    (tmp_path / "home").write_text("")
    monkeypatch.setenv("GLASSINE_LEDGER", str(tmp_path / "home" / "ledger.sqlite3"))


@pytest.fixture
def quick(monkeypatch):
    """The work itself, replaced by none: what is written is the picture as it was."""

    def verified(artwork, intent, *, device, watch):
        from glassine.evidence.sight import sighted
        from glassine.flow.plan import plan
        from glassine.flow.protect import Verified
        from glassine.types import Protected

        protected = Protected(plan(artwork, intent, device="cpu"), artwork.rgb)
        return Verified(protected, NOTHING, sighted(protected))

    monkeypatch.setattr(delivering, "verified", verified)
    monkeypatch.setattr(
        delivering, "html", lambda *_: '<script type="application/json" id="report">'
    )
    monkeypatch.setattr(delivering, "with_file", lambda report, *_: report)


@pytest.mark.usefixtures("read_only")
def test_a_ledger_that_takes_nothing_is_said_before_any_work(painting, capsys, monkeypatch):
    monkeypatch.setattr(delivering, "verified", lambda *_, **__: pytest.fail("worked"))
    assert typed.run("protect", painting, *SMALL) == 5
    said = capsys.readouterr().err
    assert "ledger" in said and "--marks none" in said
    assert [path.name for path in painting.parent.iterdir() if "glassine" in path.name] == []


@pytest.mark.usefixtures("read_only", "quick")
def test_without_a_receipt_no_ledger_is_needed(painting):
    made = deliver(painting, painting.with_name("copy.png"), INTENT)
    assert made.file.exists() and made.page.exists()
    assert ledger.entries() == [] and not ledger.ledger_path().exists()


@pytest.mark.usefixtures("quick")
def test_a_ledger_that_fails_at_the_very_end_costs_only_the_receipt(painting, monkeypatch):
    def full(*_):
        raise NotWritable("ledger.unusable", file="ledger", reason="database or disk is full")

    monkeypatch.setattr(delivering, "note_in_ledger", full)
    copy = painting.with_name("copy.png")
    with pytest.raises(NotWritable, match=r"page are written.*Only the ledger"):
        deliver(painting, copy, replace(INTENT, export=Export(marks=("receipt",))))
    assert copy.exists() and copy.with_suffix(".html").exists()


def test_a_read_only_ledger_can_be_read(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSINE_LEDGER", str(tmp_path / "ledger.sqlite3"))
    ledger.check_writable()
    before = ledger.ledger_path().read_bytes()
    real = sqlite3.connect
    monkeypatch.setattr(
        sqlite3, "connect", lambda name, **how: real(f"file:{name}?mode=ro", uri=True, **how)
    )
    assert ledger.entries() == []
    with pytest.raises(NotWritable, match="not permitted"):
        ledger.check_writable()
    assert ledger.ledger_path().read_bytes() == before


# --- a batch that cannot write -------------------------------------------------------------------


@pytest.fixture
def three(tmp_path, scene):
    inside = tmp_path / "in"
    inside.mkdir()
    for number in range(3):
        crop = scene[:, 8 * number : 8 * number + 40, :40]
        (inside / f"{number}.png").write_bytes(FORMATS["png"].write(crop, None, Keep(), 95))
    return inside


@pytest.mark.parametrize("code", (errno.ENOSPC, errno.EDQUOT))
def test_a_full_disk_ends_a_batch_after_the_first_picture(three, monkeypatch, capsys, code):
    tried = []

    def full(self, work, watch):
        tried.append(work.source.name)
        reason = files.why(work.target, OSError(code, os.strerror(code)))
        return Outcome(message("file.not_written", path=work.target, reason=reason))

    monkeypatch.setattr(Worker, "do", full)
    out = three.parent / "out"
    assert typed.run("batch", three, "-o", out, "--marks", "none") == 5
    said = capsys.readouterr()
    assert tried == ["0.png"] and "is full, so the other pictures were not tried" in said.err
    assert "1 failed, of 3" in said.out


def test_a_full_disk_under_the_ledger_ends_a_batch_too(tmp_path):
    inner = message("ledger.unusable", file="ledger", reason="database or disk is full")
    outer = message("deliver.not_noted", path="a.png", reason=inner)
    assert hopeless(outer, tmp_path).code == "batch.disk_full"
    assert hopeless(message("read.absent", path="a.png"), tmp_path) is None


def test_a_folder_that_is_gone_or_closed_ends_a_batch(tmp_path):
    problem = message("file.not_written", path="a.png", reason="gone")
    assert hopeless(problem, tmp_path / "gone").code == "batch.no_more"
    assert hopeless(problem, tmp_path) is None, "one picture's own trouble ends nothing"


# --- copies that lie there -----------------------------------------------------------------------


@pytest.mark.usefixtures("quick")
def test_an_earlier_copy_is_not_replaced_unasked(painting):
    copy = painting.with_name("teal.glassine.png")
    deliver(painting, copy, INTENT)
    before = copy.read_bytes()
    with pytest.raises(NotWritable, match="which you may have published"):
        deliver(painting, copy, replace(INTENT, seed=4))
    assert copy.read_bytes() == before
    deliver(painting, copy, INTENT, again=Again(copy=True))
    foreign = painting.with_name("foreign.png")
    foreign.write_bytes(painting.read_bytes())
    for again in (Again(), Again(copy=True), Again(source=True)):
        with pytest.raises(NotWritable, match="not a copy that Glassine made"):
            deliver(painting, foreign, INTENT, again=again)
    deliver(painting, foreign, INTENT, again=ALL)


@pytest.mark.usefixtures("quick")
def test_a_batch_that_died_after_a_copy_was_written_goes_on(three, monkeypatch):
    monkeypatch.setattr(Worker, "do", lambda self, work, watch: worker.delivered(work, watch))

    def killed(*_):
        raise MemoryError  # nothing in a batch catches it: as good as dead

    out = three.parent / "out"
    with monkeypatch.context() as dying, pytest.raises(MemoryError):
        dying.setattr("glassine.batch.jobs.Jobs.write", killed)
        batch(three, out, INTENT, lambda state: None)
    assert (out / "0.glassine.png").exists()
    end = batch(three, out, INTENT, lambda state: None)
    assert (end.done, end.failed) == (3, 0)


@pytest.mark.usefixtures("quick")
def test_a_batch_renews_its_own_copies_and_asks_for_others(three, monkeypatch):
    monkeypatch.setattr(Worker, "do", lambda self, work, watch: worker.delivered(work, watch))
    out = three.parent / "out"
    out.mkdir()
    (out / "1.glassine.png").write_bytes((three / "1.png").read_bytes())
    states = []
    end = batch(three, out, INTENT, states.append)
    assert (end.done, end.failed) == (2, 1)
    (problem,) = (state.problem for state in states if state.problem)
    assert problem.code == "deliver.earlier_copy"
    end = batch(three, out, replace(INTENT, strength="subtle"), states.append)
    assert (end.done, end.failed) == (2, 1)


# --- copies that were saved again ----------------------------------------------------------------


@pytest.fixture
def exported(finished):
    """A clean picture and its export, which is noted: a change as visible as a balanced one."""
    from glassine.flow.encode import encode

    draw = np.random.default_rng(1)
    canvas = np.full((240, 320, 3), 120, np.uint8)
    for y, x in draw.integers(0, 240, (120, 2)):
        canvas[y : y + 40, x : x + 30] = draw.integers(40, 215, 3)
    scene = torch.from_numpy(canvas).permute(2, 0, 1) / 255
    noise = torch.randn(scene.shape, generator=torch.Generator().manual_seed(5)) * 0.03
    made = finished(scene, marks=("receipt",))
    made = replace(made, rgb=(scene + noise).clamp(0, 1))
    data = encode(made, NOTHING).data
    return made.plan.artwork, data


def saved(data, ending, **how):
    image = pyvips.Image.new_from_buffer(data, "")
    return image.write_to_buffer(ending, **how)


def test_a_copy_that_was_saved_again_is_recognised(exported):
    _, data = exported
    for ending, how in ((".png", {}), (".webp", {"lossless": True}), (".jpg", {"Q": 95})):
        again = saved(data, ending, strip=True, **how)
        assert examine(again).protected.code == "examine.saved_again"
        with pytest.raises(NotUsable, match="saved again without its marks"):
            refuse_protected(again)


def test_the_clean_original_is_never_taken_for_its_copy(exported):
    artwork, _ = exported
    clean = FORMATS["png"].write(artwork.rgb, None, Keep(), 95)
    for data in (clean, *(saved(clean, ".jpg", Q=quality) for quality in (95, 80, 50))):
        assert examine(data).alike, "it looks like it"
        assert examine(data).protected is None
    assert examine(saved(clean, ".webp", Q=80)).protected is None


def test_an_entry_of_old_recognises_only_what_is_the_same(exported, monkeypatch):
    _, data = exported
    real = ledger.entries
    monkeypatch.setattr(
        ledger,
        "entries",
        lambda **how: [
            replace(one, settings={k: v for k, v in one.settings.items() if k != "clean_apart"})
            for one in real(**how)
        ],
    )
    assert examine(saved(data, ".png", strip=True)).protected
    assert not examine(saved(data, ".jpg", Q=60)).protected


def test_a_view_of_another_shape_is_another_picture():
    wide, high = np.zeros((40, 80, 3), np.uint8), np.zeros((80, 40, 3), np.uint8)
    assert fingerprint.apart(wide, fingerprint.small_jpeg(high)) == float("inf")
    assert fingerprint.apart(wide, fingerprint.small_jpeg(wide)) == 0
