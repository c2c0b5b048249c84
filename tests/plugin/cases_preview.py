"""The live preview and the one on the canvas: what they show, and what they leave alone."""

import os
from dataclasses import replace

import krita
import pytest
from bench import (
    H,
    M,
    W,
    app,
    fresh_krita,
    grey,
    opened,
    painting,
    pattern,
    pixels_of,
    top,
    turned,
    until,
    works,
)
from glassine_krita.canvas import frames, pictures, small_pictures
from glassine_krita.canvas.own_layers import OwnLayer, own_layers, remember_layer
from glassine_krita.canvas.places import Place
from glassine_krita.canvas.refusals import Refused
from glassine_krita.docker import GlassineDocker
from glassine_krita.engine.asks import Preview as Ask
from glassine_krita.studio import canvas_preview, preview
from glassine_krita.studio.job import State
from glassine_krita.words import texts

__all__ = ["app", "fresh_krita", "painting", "works"]


def test_a_linear_document_is_shown_as_bright_as_it_is(works, fresh_krita):
    """Krita's own default for 16 bits is linear light."""
    for depth, value in (("U16", round(0.214 * M)), ("F16", 0.214)):
        _doc, _node = grey(fresh_krita, depth, value)
        works.watch(True)
        works.look()
        until(lambda: works.preview.pictures and not works.preview.stale)
        shown = works.preview.pictures["before"].pixelColor(W // 2, H // 2).red()
        assert abs(shown - 127) <= 1, (depth, shown)
        works.preview.clear()


def test_the_canvas_layer_of_a_linear_document_is_srgb(works, fresh_krita):
    _doc, _node = grey(fresh_krita, "U16", round(0.214 * M))
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview.tab.on)
    made = top(fresh_krita.activeDocument())
    assert made._space == ("RGBA", "U8", krita.SRGB)
    assert abs(255 - bytes(made.pixelData(4, 4, 1, 1))[0] - 127) <= 1, "this engine inverts"


def test_the_preview_comes_and_the_slider_only_scales_it(works, painting):
    doc, _node = painting
    works.watch(True)
    works.look()
    until(lambda: works.preview.pictures)
    assert works.preview.about.ssimulacra2 == 70.0
    works.choose(score=55.0)
    until(lambda: works.preview.about.ssimulacra2 == 55.0)
    assert not doc.modified() and not doc.undo
    works.choose(recipe="poison")
    until(lambda: works.preview.why and works.preview.why.code == "poison_incomplete")


def test_the_preview_on_the_canvas_leaves_nothing(works, painting, fresh_krita):
    doc, node = painting
    before = pixels_of(node)
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview.tab.on)
    assert len(fresh_krita._views) == 2 and works.document is doc
    works.show_on_canvas(False)
    assert len(fresh_krita._views) == 1
    assert not doc.modified() and not doc.undo and pixels_of(node) == before
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview.tab.on)
    doc.close()
    works.look()
    assert not fresh_krita._views and not works.canvas_preview.on


def test_a_look_while_a_document_is_converted_does_not_hide_the_preview(
    works, painting, monkeypatch
):
    def slow(*arguments):  # Krita looks at its events meanwhile, and so at the studio's timer
        works.look()
        return real(*arguments)

    real = canvas_preview.take_picture
    monkeypatch.setattr(canvas_preview, "take_picture", slow)
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview.tab.on)
    assert works.canvas_preview.on
    works.show_on_canvas(False)


def test_previews_wait_while_krita_works_on_the_document(works, painting):
    """It ends where a document is cloned in the middle of a conversion."""
    doc, _node = painting
    doc.at_work = True
    works.watch(True)
    works.look()
    works.show_on_canvas(True)
    until(lambda: doc.refused > 4)
    assert not works.preview.pictures and not works.preview.why
    assert works.canvas_preview.on and not works.canvas_preview.tab.on and not works.trouble
    doc.at_work = False
    until(lambda: works.preview.pictures and works.canvas_preview.tab.on)
    works.show_on_canvas(False)


def test_a_preview_that_comes_while_krita_works_is_asked_for_again(works, painting):
    doc, _node = painting
    works.choose(style="later")
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview._number)
    doc.at_work = True
    until(lambda: not works.canvas_preview._number)
    assert works.canvas_preview.on and not works.canvas_preview.tab.on and not works.trouble
    doc.at_work = False
    until(lambda: works.canvas_preview.tab.on)
    works.show_on_canvas(False)


def test_a_look_while_the_preview_opens_does_not_hide_it(works, painting, monkeypatch):
    """On a slow machine Krita looks at its events in between, and ended with an error in a slot."""
    real = krita.Window.addView

    def slowly(window, doc):
        works.canvas_preview.follow_document()
        return real(window, doc)

    monkeypatch.setattr(krita.Window, "addView", slowly)
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview.tab.on or works.trouble or not works.canvas_preview.on)
    assert works.canvas_preview.on and works.canvas_preview.tab.on and not works.trouble
    works.show_on_canvas(False)


def test_a_preview_that_is_hidden_while_it_opens_is_gone(works, painting, monkeypatch):
    real = krita.Window.addView

    def slowly(window, doc):
        works.show_on_canvas(False)
        return real(window, doc)

    monkeypatch.setattr(krita.Window, "addView", slowly)
    works.look()
    works.show_on_canvas(True)
    until(lambda: not works.canvas_preview.on)
    until(lambda: not works.canvas_preview.tab.on)
    assert not works.trouble


def test_dragging_the_strength_keeps_the_preview_on_the_canvas(works, painting, monkeypatch):
    cloned, real = [], krita.Document.clone
    monkeypatch.setattr(krita.Document, "clone", lambda doc: (cloned.append(1), real(doc))[1])
    works.choose(style="later")
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview._number)
    cloned.clear()
    monkeypatch.setattr(canvas_preview, "REST", 1 << 20)  # the hand does not rest, however slow
    for score in range(69, 59, -1):
        works.choose(score=float(score))
        turned()
    assert not cloned, "nothing is read while the slider moves"
    works.canvas_preview._rest.stop()
    works.canvas_preview._begin()
    first = works.canvas_preview._number
    works.canvas_preview._begin()  # the first one's answer comes when the second is under way
    assert works.canvas_preview._number == first + 1
    until(lambda: not works.canvas_preview.waiting)
    assert works.canvas_preview.on and works.canvas_preview.tab.on and not works.trouble


def test_a_late_answer_does_not_end_the_next_preview(works, painting):
    works.choose(recipe="both", style="later", shows="dog", teach="bird")
    works.watch(True)
    works.look()
    until(lambda: works.preview._number)
    busy = []
    works.preview.changed.connect(lambda: busy.append(works.preview.busy))
    works.choose(teach="cat")  # the same pixels: asked again at once
    works.preview._begin()
    until(lambda: works.preview.pictures)
    assert busy[:-1] == [True] * len(busy[:-1]) and not works.preview.stale, busy


def test_the_preview_shows_the_layer_that_is_active(works, fresh_krita, monkeypatch):
    monkeypatch.setattr(small_pictures, "STRIP", W)
    works._timer.setInterval(1 << 20)
    doc, first = opened(fresh_krita, bytes((10, 10, 10, 255)) * (W * H))
    others = [doc.createNode(str(value), "paintlayer") for value in (100, 200)]
    for value, node in zip((100, 200), others, strict=True):
        node.setPixelData(bytes((value, value, value, 255)) * (W * H), 0, 0, W, H)
        doc.rootNode().addChildNode(node, None)
    until(lambda: doc.activeNode() is others[-1])
    doc.setActiveNode(first)
    works.watch(True)
    works.look()
    until(lambda: works.preview.pictures and not works.preview.busy)
    doc.setActiveNode(others[0])
    works.look()
    assert works.preview.stale, "another layer is another picture"
    until(lambda: works.preview._reading.isActive())
    doc.setActiveNode(others[1])
    works.look()
    until(lambda: not works.preview.busy and not works.preview._rest.isActive())
    assert not works.preview.stale
    assert works.preview.pictures["before"].pixelColor(0, 0).red() == 200


def test_another_selection_is_another_preview(works, painting):
    doc, _node = painting
    doc.setSelection(krita.Selection(2, 3, 4, 5))
    works.choose(scope="selection")
    works.watch(True)
    works.look()
    until(lambda: works.preview.pictures and not works.preview.busy)
    was = works.preview._small[1].mask
    doc.setSelection(krita.Selection(0, 0, 2, 2))
    works.look()
    until(lambda: not works.preview.stale and not works.preview.busy)
    assert works.preview._small[1].mask != was


def test_a_preview_on_the_canvas_of_one_document_does_not_choose_for_another(works, fresh_krita):
    first, _node = opened(fresh_krita, pattern())
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview.tab.on)
    second, _node = opened(fresh_krita, pattern(width=40, height=30), width=40, height=30)
    assert works.region(second) == Place(0, 0, 40, 30)
    assert works.region(first) == Place(0, 0, W, H)


def test_one_hidden_docker_of_two_does_not_end_the_previews(works, painting):
    first, second = GlassineDocker(), GlassineDocker()
    for made in (first, second):
        made.show()
    until(lambda: works.watching)
    second.hide()
    turned()
    assert works.watching
    first.hide()
    until(lambda: not works.watching)
    for made in (first, second):
        made.deleteLater()


def test_a_save_in_the_preview_s_tab_cannot_reach_the_artist_s_file(
    works, painting, fresh_krita, tmp_path
):
    doc, _node = painting
    doc.setFileName(str(tmp_path / "piece.kra"))
    assert doc.clone().fileName() == doc.fileName(), "so Krita does it"
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.canvas_preview.tab.on)
    copy = fresh_krita.activeDocument()
    assert copy is not doc and not copy.save() and not os.listdir(tmp_path)
    assert all(node.locked() for node in copy.rootNode().childNodes()), "painting there is lost"
    assert doc.fileName() and not doc.rootNode().childNodes()[0].locked()


def closed_while_copied(doc, module, monkeypatch):
    """The document closes as soon as the module has copied it; the list that copies will be in."""
    real, copies = module.clone, []

    def clone(one):
        copies.append(real(one))
        doc.setModified(False)
        doc.close()
        return copies[-1]

    monkeypatch.setattr(module, "clone", clone)
    return copies


@pytest.mark.parametrize("scope", ["layer", "picture"])
def test_a_document_that_closes_while_it_is_copied_is_asked_for_nothing(
    works, painting, fresh_krita, monkeypatch, scope
):
    """A real Krita ended there: it looks at its events while it copies, and on a busy machine one
    of them was the closing of that very document."""
    doc, _node = painting
    copies = closed_while_copied(doc, pictures, monkeypatch)
    works.choose(scope=scope)
    works.watch(True)
    works.look()
    until(lambda: copies and not works.preview.busy)
    assert not works.preview.pictures and all(not one.rootNode() for one in copies), "left open"
    assert not own_layers(doc) and remember_layer(doc, OwnLayer("x")) is None
    works.look()
    assert works.apply() is None


def test_neither_is_one_whose_frames_are_copied(painting, monkeypatch):
    doc, node = painting
    copies = closed_while_copied(doc, frames, monkeypatch)
    monkeypatch.setattr(frames, "keyframes", lambda doc, node: doc.rootNode() and (0,))
    with pytest.raises(Refused, match="document_gone"):
        frames.take_film(doc, node)
    assert not copies[0].rootNode(), "left open"


def test_a_slider_that_is_dragged_redraws_all_the_while(works, painting):
    """Another strength is a matter of scale: a step neither puts the next look off nor starts a
    search anew."""
    works.watch(True)
    works.look()
    until(lambda: works.preview.pictures and not works.preview._rest.isActive())
    asked = []
    works.engine.frame.connect(lambda body, blob: asked.append(body) if "result" in body else None)
    for score in range(69, 60, -1):
        works.choose(score=float(score))
        until(lambda: not works.preview._rest.isActive())  # it comes to an end while one drags on
        works.choose(score=score - 0.3)
        assert works.preview._rest.interval() == preview.SCALED
        left = works.preview._rest.remainingTime()
        works.choose(score=score - 0.5)
        assert works.preview._rest.remainingTime() <= left
    until(lambda: not works.preview.busy and not works.preview._rest.isActive())
    assert len(asked) >= 9
    assert works.preview.about.ssimulacra2 == works.choice.score, "the last one is what shows"


def test_a_hand_that_moves_on_waits_for_no_rest(works, painting, monkeypatch):
    """Neither for the one that belongs to the finer picture, nor for one after an answer."""
    works.watch(True)
    works.look()
    until(lambda: at_rest(works))
    monkeypatch.setattr(preview, "REST", 1 << 20)
    for score in (66.0, 64.0):
        works.choose(score=score)
        until(lambda: works.preview.about.ssimulacra2 == score)  # noqa: B023 - at once
    works.choose(score=62.0)
    until(lambda: works.preview.busy)
    works.choose(score=60.0)
    works.preview._rest.stop()  # the answer is there before the timer is
    until(lambda: works.preview.about.ssimulacra2 == 60.0)


def test_what_is_only_scaled_does_not_travel_and_an_engine_that_forgot_looks_anew(works, painting):
    works.watch(True)
    works.look()
    until(lambda: at_rest(works))
    sent, real = [], works.engine.send
    works.engine.send = lambda body, blob=b"": sent.append(body) or real(body, blob)
    works.choose(score=62.0)
    until(lambda: at_rest(works) and works.preview.about.ssimulacra2 == 62.0)
    scales = [body for body in sent if body.get("ask", {}).get("scaled")]
    looks = [body for body in sent if "blob" in body]
    assert len(scales) == 1 and scales[0]["blobs"] == {} and len(looks) == 2, "look and view"
    key, small, source = works.preview._small
    works.preview._small = key, replace(small, pixels=bytes(len(small.pixels))), source
    works.choose(score=61.0)
    until(lambda: at_rest(works) and works.preview.about.ssimulacra2 == 61.0)
    assert works.preview.why is None and not works.trouble
    assert works.preview.pictures["before"].pixelColor(4, 4).alpha() == 0, "of what travelled"


@pytest.fixture
def asked(works, painting, monkeypatch):
    """What the engine is asked about previews: seconds, "scaled" or "sees", the strength."""
    found, real = [], works.requests.send

    def send(ask, *others, **more):
        if isinstance(ask, Ask):
            flags = [name for name in ("scaled", "sees") if getattr(ask, name)]
            found.append((ask.seconds, *flags, ask.intent.strength))
        return real(ask, *others, **more)

    monkeypatch.setattr(works.requests, "send", send)
    return found


def at_rest(works):
    return works.preview.pictures and not works.preview.busy and not works.preview._rest.isActive()


def test_a_small_picture_then_a_finer_one_then_a_model_s_view(works, asked):
    """Each is waited for less than the one before; a strength that is dragged comes at once, and is
    looked for when the hand rests."""
    docker = GlassineDocker()
    works.watch(True)
    works.look()
    view = docker.main.compare
    until(lambda: works.preview.pictures)
    assert view.mode == "wipe", "the model's view comes last"
    until(lambda: at_rest(works))
    assert asked == [(1.0, 70.0), (8.0, 70.0), (8.0, "sees", 70.0)]
    assert view.mode == "sees" and docker.main.mode_buttons["sees"].isChecked() and not view.note
    works.choose(score=60.0)
    until(lambda: works.preview.about.ssimulacra2 == 60.0)
    assert view.mode == "sees" and view.note == texts.t("view_earlier")
    until(lambda: at_rest(works))
    assert asked[3:] == [(8.0, "scaled", 60.0), (8.0, 60.0), (8.0, "sees", 60.0)] and not view.note
    works.look()
    works._want()
    until(lambda: at_rest(works))
    assert len(asked) == 6, "nothing is asked for twice"
    docker.deleteLater()


def test_the_view_that_the_artist_chose_stays(works, asked):
    docker = GlassineDocker()
    page = docker.main
    works.watch(True)
    works.look()
    page.compare.touched = True  # looks around already
    until(lambda: at_rest(works))
    assert page.compare.mode == "wipe", "nothing is taken from under a hand"
    page.mode_buttons["difference"].click()
    assert page.compare.mode == "difference"
    works.preview.refresh()
    until(lambda: at_rest(works))
    again = GlassineDocker()
    assert page.compare.mode == again.main.compare.mode == "difference"
    for one in (docker, again):
        one.deleteLater()


def test_a_drag_does_not_wait_for_what_nobody_waits_for(works, asked):
    works.choose(style="later")
    works.watch(True)
    works.look()
    until(lambda: works.preview.busy and works.preview.due is preview.Due.FINE)
    until(lambda: works.preview._number)
    finer = works.preview._number
    works.choose(score=60.0)
    works.preview._begin()
    assert works.preview.due is preview.Due.SCALE and works.preview._number != finer
    assert asked[-1] == (1.0, "scaled", 60.0), "the larger one is not there to be scaled"
    until(lambda: at_rest(works))
    assert asked[-1] == (8.0, "sees", 60.0)


def test_a_job_does_not_wait_for_a_preview(works, asked):
    works.choose(style="later")
    works.watch(True)
    works.look()
    until(lambda: works.preview._number)
    cancelled = works.preview._number
    heard = []
    works.engine.frame.connect(lambda body, blob: heard.append(body))
    job = works.apply()
    assert not works.preview.busy, "taken back"
    until(lambda: not job.active)
    assert {"id": cancelled, "cancelled": True} in heard and job.state == State.DONE
    until(lambda: at_rest(works))
    assert works.preview.pictures, "and made afterwards"


def test_another_style_rests_first(works, painting):
    works.watch(True)
    works.look()
    until(lambda: works.preview.pictures and not works.preview._rest.isActive())
    works.choose(score=60.0)
    works.choose(style="plain")
    assert works.preview._rest.interval() == preview.REST
