"""Applying, exporting, cancelling, losing engines and documents: without a real Krita."""

import hashlib
import json
import os
import signal

import krita
import pytest
from bench import (
    H,
    W,
    app,
    fresh_krita,
    opened,
    painting,
    pattern,
    pixels_of,
    top,
    until,
    works,
)
from glassine_krita.canvas import results
from glassine_krita.engine import process
from glassine_krita.qt import QtCore
from glassine_krita.studio import settings
from glassine_krita.studio.choices import Exporting
from glassine_krita.studio.job import State
from glassine_krita.words.texts import in_words
from waiting import PATIENCE

__all__ = ["app", "fresh_krita", "painting", "works"]


def noted(job):
    return {note.code for note in job.outcome.notes}


def done(job):
    until(lambda: not job.active)
    return job


def inverse(pixels, pixel=4):
    size = pixel // 4
    out = bytearray(255 - v for v in pixels)
    for k in range(size):
        out[3 * size + k :: pixel] = pixels[3 * size + k :: pixel]
    return bytes(out)


def test_the_result_is_one_layer_above_in_one_undo_step(works, painting):
    doc, node = painting
    before = pixels_of(node)
    assert done(works.apply()).state == State.DONE
    assert doc.rootNode().childNodes()[0].name() == "paint"
    assert top(doc).name().startswith("paint (Cloak")
    assert pixels_of(top(doc)) == inverse(before)
    assert pixels_of(node) == before and node.visible()
    assert [step[0] for step in doc.undo] == ["Add Layer"]
    doc.undo_one()
    assert top(doc) is node


@pytest.mark.parametrize(("depth", "pixel"), [("U16", 8), ("F16", 8), ("F32", 16)])
def test_every_depth_goes_and_comes_back_as_it_is(works, fresh_krita, depth, pixel):
    before = pattern(255, pixel)
    doc, _node = opened(fresh_krita, before, depth)
    assert done(works.apply()).state == State.DONE
    assert top(doc).colorDepth() == depth
    assert pixels_of(top(doc)) == inverse(before, pixel)


def test_other_colour_models_are_converted_and_that_is_said(works, fresh_krita):
    doc, _node = opened(fresh_krita, bytes(5 * W * H), model="CMYKA")
    job = done(works.apply())
    assert job.state == State.DONE and "converted" in noted(job)
    assert (top(doc).colorModel(), doc.colorModel()) == ("RGBA", "CMYKA")


def test_a_group_is_read_through_its_projection(works, painting):
    doc, _node = painting
    group = krita.Node(doc, "group", "grouplayer")
    doc.rootNode().addChildNode(group, None)
    inner = doc.createNode("inner", "paintlayer")
    inner.setPixelData(pattern(255, 4, 3, 2), 4, 5, 3, 2)
    group.addChildNode(inner, None)
    doc.setActiveNode(group)
    assert done(works.apply()).state == State.DONE
    assert top(doc).bounds().getRect() == (4, 5, 3, 2)


def test_a_see_through_layer_is_hidden_under_its_copy_and_follows_undo(works, fresh_krita):
    doc, node = opened(fresh_krita, pattern(alpha=90))
    node.setOpacity(77)
    job = done(works.apply())
    assert "replaced" in noted(job) and not node.visible()
    assert top(doc).opacity() == 77
    doc.undo_one()
    works.look()
    assert node.visible()
    doc.redo_one()
    works.look()
    assert not node.visible()
    node.setVisible(True)  # the artist wants both: that stays
    works.look()
    assert node.visible()


def test_only_the_selection_travels_with_a_margin_and_its_mask(works, painting, fresh_krita):
    doc, _node = painting
    assert works.choose(scope="selection") is None
    assert works.apply() is None and "selected" in works.trouble
    doc.setSelection(krita.Selection(2, 3, 4, 5))
    job = works.apply()
    assert len(job.picture.mask) == W * H
    assert sum(v > 0 for v in job.picture.mask) == 20
    assert done(job).state == State.DONE


def shown(doc):
    return bytes(doc.pixelData(0, 0, W, H))


@pytest.mark.parametrize("model", ["RGBA", "CMYKA"])
def test_the_rest_of_a_soft_layer_stays_when_a_selection_is_replaced(works, fresh_krita, model):
    pixel = 4 if model == "RGBA" else 5
    before = bytearray(pattern(255, pixel))
    before[3::pixel] = bytes(W * H)  # no black ink, which other inks could stand for
    before[pixel - 1 :: pixel] = bytes([200]) * (W * H)
    doc, node = opened(fresh_krita, bytes(before), model=model)
    node.setPixelData(bytes([90] * pixel), W + 3, 2, 1, 1)  # beside the canvas
    was = shown(doc)
    doc.setSelection(krita.Selection(2, 3, 4, 5))
    works.choose(scope="selection")
    job = done(works.apply())
    assert "replaced" in noted(job) and not node.visible() and job.picture is None
    now = shown(doc)
    assert now[pixel - 1 :: pixel] == was[pixel - 1 :: pixel], "it shows once, all of it"
    moved = set()
    for at in range(W * H):
        old, new = (data[pixel * at : pixel * (at + 1)] for data in (was, now))
        if max(abs(a - b) for a, b in zip(old, new, strict=True)) > 2:
            moved.add((at % W, at // W))
    assert moved and moved <= {(x, y) for x in range(2, 6) for y in range(3, 8)}
    assert top(doc)._pixels.get((W + 3, 2)), "what lies beside the canvas stays as well"
    doc.undo_one()
    works.look()
    assert node.visible() and shown(doc) == was


def test_soft_parts_beside_the_selection_hide_nothing(works, fresh_krita):
    before = bytearray(pattern(255))
    before[3] = 100
    doc, node = opened(fresh_krita, bytes(before))
    doc.setSelection(krita.Selection(2, 3, 4, 5))
    works.choose(scope="selection")
    job = done(works.apply())
    assert job.state == State.DONE and not job.outcome.notes and node.visible()


def test_a_see_through_picture_shows_once(works, fresh_krita):
    doc, node = opened(fresh_krita, pattern(alpha=200))
    mask = krita.Node(doc, "Selection Mask", "selectionmask")
    doc.rootNode().addChildNode(mask, None)
    doc.undo.clear()
    was = shown(doc)
    works.choose(scope="picture")
    job = done(works.apply())
    assert "replaced_all" in noted(job) and not node.visible() and mask.visible()
    assert shown(doc) == inverse(was) == pixels_of(top(doc))
    doc.undo_one()
    works.look()
    assert node.visible() and shown(doc) == was


def test_the_artist_stays_on_the_layer_they_were_on(works, painting, monkeypatch):
    doc, node = painting
    moved, real = [], krita.Document._activate
    watch = lambda doc, made: (real(doc, made), moved.append(doc.activeNode()))  # noqa: E731
    monkeypatch.setattr(krita.Document, "_activate", watch)
    done(works.apply())
    until(lambda: moved)
    assert moved == [top(doc)], "Krita goes to the new layer, a moment later"
    until(lambda: doc.activeNode() is node)


def test_an_artist_who_goes_elsewhere_is_left_there(works, painting, monkeypatch):
    doc, _node = painting
    other = doc.createNode("other", "paintlayer")
    doc.rootNode().addChildNode(other, None)
    monkeypatch.setattr(krita.Document, "_activate", lambda *words: None)
    looks, real = [], results.stay_on
    monkeypatch.setattr(results, "stay_on", lambda *words: (looks.append(words), real(*words)))
    done(works.apply())
    doc.setActiveNode(other)
    until(lambda: len(looks) > 1)
    assert doc.activeNode() is other


def test_no_failure_while_placing_costs_the_result(works, painting, monkeypatch):
    def broken(self, node, above):
        raise RuntimeError("Krita said no")

    monkeypatch.setattr(krita.Node, "addChildNode", broken)
    job = done(works.apply())
    assert job.state == State.KEPT and job.result is not None
    told = in_words(job.why)
    assert "did not take the result" in told and "Krita said no" not in told
    assert "RuntimeError: Krita said no" in works.details()


def test_painting_on_does_not_change_what_was_asked_for(works, painting):
    doc, node = painting
    before = pixels_of(node)
    job = works.apply()
    node.setPixelData(bytes(4 * W * H), 0, 0, W, H)
    done(job)
    assert pixels_of(top(doc)) == inverse(before)


def test_jobs_wait_for_each_other(works, painting):
    works.choose(style="slow")
    first, second = works.apply(), works.apply()
    until(lambda: first.progress.fraction == 0.5)
    assert (first.state, second.state) == (State.RUNNING, State.WAITING)
    works.jobs.cancel(second)
    assert second.state == State.CANCELLED
    works.choose(style="plain")
    third = works.apply()
    works.jobs.cancel(first)
    assert first.state == State.CANCELLED
    assert done(third).state == State.DONE


def test_an_engine_that_dies_is_started_again_and_that_is_said(works, painting):
    works.choose(style="die")
    before = works.engine.process_id
    job = done(works.apply())
    assert job.state == State.FAILED and "started again" in works.trouble
    until(lambda: works.engine.condition.name == "ready")
    assert works.engine.process_id != before
    works.choose(style="plain")
    assert done(works.apply()).state == State.DONE


def test_the_queue_outlives_an_engine_that_dies(works, painting):
    works.choose(style="die")
    first = works.apply()
    works.choose(style="plain")
    rest = works.apply(), works.apply()
    assert done(first).state == State.FAILED
    assert [done(job).state for job in rest] == [State.DONE, State.DONE]


def test_an_engine_that_keeps_dying_stays_down(works, painting, monkeypatch):
    monkeypatch.setattr(process, "WINDOW", PATIENCE)
    for _ in range(3):
        until(lambda: works.engine.condition.name == "ready")
        os.kill(works.engine.process_id, signal.SIGKILL)
        until(lambda: works.engine.condition.name != "ready")
    until(lambda: works.engine.condition.name == "broken")
    assert "three times" in works.trouble and "scripted engine" in works.details()
    until(lambda: not works.engine.findChildren(QtCore.QProcess))  # none kept until Krita ends


def test_a_stray_print_is_noticed(works, painting):
    works.choose(style="stray")
    job = done(works.apply())
    assert job.state == State.FAILED and works.engine.condition.name == "broken"
    assert "Loading weights" in works.engine.log() and "Loading" not in works.trouble


def test_errors_come_in_the_engine_s_words(works, painting):
    works.choose(style="fail")
    job = done(works.apply())
    assert job.state == State.FAILED and works.trouble == "This was asked. Do that."


def test_a_result_without_a_document_is_kept_and_can_be_opened(works, painting, fresh_krita):
    doc, node = painting
    before = pixels_of(node)
    job = works.apply()
    doc.setModified(False)
    doc.close()
    assert done(job).state == State.KEPT and job.why.code == "document_gone"
    works.jobs.rescue(job)
    until(lambda: job.state == State.DONE)
    assert pixels_of(top(fresh_krita.activeDocument())) == inverse(before)


def test_a_kept_result_can_be_opened_while_another_is_placed(works, fresh_krita, monkeypatch):
    from glassine_krita.canvas import layers

    doc, _node = opened(fresh_krita, pattern())
    kept = works.apply()
    doc.close()
    assert done(kept).state == State.KEPT
    doc, _node = opened(fresh_krita, pattern())
    job = works.apply()
    monkeypatch.setattr(layers, "PART", 4 * W)  # a row at a time
    until(lambda: job.state == State.PLACING)
    works.jobs.rescue(kept)
    assert done(kept).state == State.DONE and done(job).state == State.DONE
    assert top(doc).name().startswith("paint (Cloak")


def test_a_result_without_a_layer_is_kept(works, painting):
    _doc, node = painting
    job = works.apply()
    node.remove()
    assert done(job).state == State.KEPT and job.why.code == "layer_gone"


def test_a_write_that_krita_refuses_is_noticed(works, painting, monkeypatch):
    monkeypatch.setattr(krita.Node, "setPixelData", lambda *a: None)
    job = done(works.apply())
    assert job.state == State.KEPT and job.why.code == "not_written"


def test_an_empty_layer_is_refused_in_words(works, painting):
    doc, _node = painting
    doc.setActiveNode(doc.createNode("empty", "paintlayer"))
    doc.rootNode().addChildNode(doc.activeNode(), None)
    assert works.apply() is None and "nothing in this layer" in works.trouble


def test_no_document_and_half_a_poison_are_refused_in_words(works, fresh_krita):
    assert works.apply() is None and "Open" in works.trouble
    opened(fresh_krita, pattern())
    works.choose(recipe="poison", shows="dog")
    assert works.apply() is None and "both words" in works.trouble


def test_a_large_picture_travels_in_parts(works, fresh_krita):
    width, height = 16, 8
    before = pattern(255, 4, width, height)
    doc, _node = opened(fresh_krita, before, width=width, height=height)
    from glassine_krita.canvas import layers

    old, layers.PART = layers.PART, 64  # one row
    try:
        job = works.apply()
        assert len(list(job.picture.parts())) == height
        assert done(job).state == State.DONE
    finally:
        layers.PART = old
    assert pixels_of(top(doc), width, height) == inverse(before)


def test_export_writes_what_was_measured_and_remembers_the_choice(works, painting, tmp_path):
    doc, _node = painting
    path = tmp_path / "copy.png"
    how = Exporting(format="jpeg", quality=80, longest=1440, marks=("xmp",), folder=str(tmp_path))
    job = done(works.export(str(path), how))
    assert job.state == State.DONE, job.why
    assert hashlib.sha256(path.read_bytes()).hexdigest() == job.outcome.made.sha256
    asked = json.loads(job.outcome.report)["export"]
    assert (asked["format"], asked["quality"], asked["longest_side"]) == ("jpeg", 80, 1440)
    assert settings.read_exporting(doc) == how
    assert os.listdir(tmp_path) == ["copy.png"]
    doc.setModified(False)
    settings.write_exporting(doc, how)
    assert not doc.modified(), "the same choice must not touch the document"


def test_the_receipt_lies_beside_the_file_and_notes_its_place(works, painting, tmp_path):
    path = tmp_path / "copy.png"
    job = done(works.export(str(path), Exporting(sidecar=True, keep_path=True)))
    beside = tmp_path / "copy.png.receipt.json"
    until(beside.exists)
    told = {"sha256": job.outcome.made.sha256, "sidecar": True, "path": str(path)}
    assert json.loads(beside.read_bytes()) == told and not job.outcome.notes


def test_a_receipt_that_could_not_be_noted_is_said_beside_the_file(works, painting, tmp_path):
    job = done(works.export(str(tmp_path / "refused.png"), Exporting(keep_path=True)))
    until(lambda: job.outcome.notes)
    (note,) = job.outcome.notes
    assert "is written, but could not be noted in the ledger: Its disk is full." in in_words(note)
    assert job.state == State.DONE and (tmp_path / "refused.png").exists()


def test_only_what_was_written_is_noted(works, painting, tmp_path, monkeypatch):
    send, asked = works.requests.send, []
    monkeypatch.setattr(
        works.requests, "send", lambda ask, *more: asked.append(ask.method) or send(ask, *more)
    )
    done(works.export(str(tmp_path / "gone" / "copy.png"), Exporting()))
    done(works.export(str(tmp_path / "copy.png"), Exporting(marks=("xmp",))))
    works.choose(style="fail")
    done(works.export(str(tmp_path / "other.png"), Exporting()))
    assert asked.count("export") == 3 and "placed" not in asked
    works.choose(style="plain")
    done(works.export(str(tmp_path / "copy.png"), Exporting()))
    assert asked.count("placed") == 1


def test_a_file_that_is_not_what_was_sent_is_a_failure(works, painting, tmp_path):
    works.choose(style="fail")
    job = done(works.export(str(tmp_path / "copy.png"), Exporting()))
    assert job.state == State.FAILED and "not what was sent" in works.trouble


def test_a_file_that_could_not_be_written_is_kept_and_saved_elsewhere(works, painting, tmp_path):
    job = done(works.export(str(tmp_path / "gone" / "copy.png"), Exporting()))
    assert job.state == State.KEPT and "gone" in in_words(job.why)
    works.jobs.save_elsewhere(job, str(tmp_path / "copy.png"))
    assert job.state == State.DONE and job.data is None
    assert (tmp_path / "copy.png").read_bytes().startswith(b"FILE"), "no minute of work is lost"


def test_details_for_a_report_do_not_name_the_artist(works, monkeypatch):
    monkeypatch.setenv("HOME", "/home/ada.aquarell")
    works.complain("/home/ada.aquarell/art/copy.png: No space left on device")
    assert works.details().startswith("…: No space") and "ada" not in works.details()


def test_a_layer_made_here_is_asked_about_before_it_is_protected_again(works, painting):
    doc, node = painting
    done(works.apply())
    mine = top(doc)
    doc.setActiveNode(mine)
    job = works.apply()
    assert (
        job.state == State.ASKING and mine.name() in in_words(job.why) and job.picture is not None
    )
    works.jobs.do_again(job)
    assert done(job).state == State.DONE
    doc.setActiveNode(node)
    assert done(works.apply()).state == State.DONE, "the clean original is not asked about"
    works.choose(scope="picture")
    assert works.apply().state == State.ASKING, "the picture shows a layer of ours"
    for layer in doc.rootNode().childNodes():
        layer.setVisible(layer is node)
    assert done(works.apply()).state == State.DONE


def test_the_engine_s_finding_is_a_question_and_no_failure(works, painting, tmp_path):
    works.choose(style="twice")
    job = works.export(str(tmp_path / "copy.png"), Exporting())
    until(lambda: job.state == State.ASKING)
    assert "Your export 3" in in_words(job.why) and not works.trouble
    assert not (tmp_path / "copy.png").exists() and job.picture is not None
    works.jobs.forget(job)
    assert job.picture is None and job not in works.jobs.all
    job = works.export(str(tmp_path / "copy.png"), Exporting())
    until(lambda: job.state == State.ASKING)
    works.jobs.do_again(job)
    assert done(job).state == State.DONE


def test_the_file_in_front_is_looked_at_once(works, painting, tmp_path):
    doc, _node = painting
    path = tmp_path / "piece-protected.png"
    path.write_bytes(b"x")
    doc._file = str(path)
    works.watch(True)
    until(lambda: works.look() or works.already_protected.says)
    assert "Your export 3" in in_words(works.already_protected.says)
    doc._file = str(tmp_path / "piece.kra")
    works.look()
    assert works.already_protected.says is None


def test_what_is_said_of_one_file_is_not_said_of_the_next(fresh_krita, works, painting, tmp_path):
    """Not even while its preview is on its way."""
    path = tmp_path / "piece-protected.png"
    path.write_bytes(b"x")
    painting[0]._file = str(path)
    works.watch(True)
    until(lambda: works.look() or works.already_protected.says)
    opened(fresh_krita, pattern())
    works.look()
    assert works.preview.awaited and works.already_protected.says is None


def test_what_survives_is_measured_on_the_written_file(works, painting, tmp_path):
    path = tmp_path / "copy.png"
    first = done(works.export(str(path), Exporting()))
    second = done(works.export(str(path), Exporting()))
    assert not first.measurable and second.measurable, "only the last export keeps its pixels"
    job = done(works.jobs.measure(second))
    assert job.state == State.DONE and job.outcome.report.endswith(b"more") and job.picture is None
    assert not second.measurable and works.jobs.measure(second) is None
    third = done(works.export(str(path), Exporting()))
    path.unlink()
    assert done(works.jobs.measure(third)).state == State.FAILED
