"""Settings, texts, the engine's process, the installer, the preview and the docker itself."""

import json
import os
import struct
import sys

import krita
import pytest
from bench import (
    FAKE,
    H,
    W,
    app,
    here,
    opened,
    painting,
    pattern,
    pixels_of,
    top,
    turn,
    until,
    works,
)
from glassine_krita.canvas import small_pictures
from glassine_krita.canvas.layers import Place, Refused, Space
from glassine_krita.canvas.pictures import SCREEN, flattened, take
from glassine_krita.engine import catalogue, process
from glassine_krita.install import builds, installed
from glassine_krita.qt import QtCore, QtGui, QtWidgets
from glassine_krita.studio import canvas_preview, settings, studio
from glassine_krita.studio.settings import Choice, Exporting
from glassine_krita.words import texts

M = 65535  # the most that 16 bits hold
__all__ = ["app", "here", "painting", "works"]


def test_settings_survive_what_others_wrote(here):
    settings.write(Choice(recipe="both", shows="dög = x", score=55.0))
    assert settings.read(Choice).shows == "dög = x"
    here.writeSetting("glassine", "choice", '{"score": 60, "recipe": 7, "new": 1}')
    assert settings.read(Choice) == Choice(score=60.0)
    here.writeSetting("glassine", "choice", "no json")
    assert settings.read(Choice) == Choice()
    assert settings.load(Exporting, '{"marks": ["a"]}').marks == ("a",)


def test_every_text_has_three_languages_with_the_same_fields():
    import string

    for key, row in texts.table().items():
        assert set(row) == {"en", "de", "ja"}, key
        named = [{f for _, f, _, _ in string.Formatter().parse(v) if f} for v in row.values()]
        assert named[0] == named[1] == named[2], key
        assert all(v.strip() for v in row.values()), key


def test_every_text_that_the_code_names_is_there():
    import ast
    from pathlib import Path

    folder = Path(texts.__file__).parents[1]
    for path in folder.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            named = isinstance(node, ast.Call) and isinstance(node.func, ast.Name)
            if not named or node.func.id not in ("t", "Refused") or not node.args:
                continue
            if isinstance(node.args[0], ast.Constant):
                key = node.args[0].value
                assert key in texts.table() or key in ("engine_", "mark_"), (path.name, key)


def test_the_engine_s_sentences_are_said_in_the_artist_s_language(monkeypatch):
    monkeypatch.setenv("GLASSINE_LANGUAGE", "de")
    texts.language.cache_clear()
    try:
        assert texts.t("the style 'ember'") == "der Stil „ember“"
        assert texts.t("CPU, 2 threads") == "CPU, 2 Threads"
        assert texts.t("Nobody has translated this.") == "Nobody has translated this."
        said = "Memory ran out on CPU, 2 threads; it was done in smaller tiles."
        assert texts.t(said).startswith("Auf CPU, 2 Threads ging")
        listed = catalogue.catalogue({"styles": [{"name": "ember", "says": "Red coals"}]})
        assert listed.says("styles", "ember") == "Rote Glut im Dunkeln"
    finally:
        texts.language.cache_clear()


@pytest.mark.parametrize(
    ("language", "half", "many"),
    [("en", "1.5", "4,300"), ("de", "1,5", "4.300"), ("ja", "1.5", "4,300")],
)
def test_figures_are_written_as_the_language_has_them(monkeypatch, language, half, many):
    from glassine_krita.views.parts import minutes
    from glassine_krita.views.setup import size

    monkeypatch.setenv("GLASSINE_LANGUAGE", language)
    texts.language.cache_clear()
    try:
        assert half in minutes(5400) and size(1500) == f"{half} GB"
        assert half in texts.t("Noise, sigma 1.5")
        assert many in texts.t("an unmarked picture agrees as well in about 1 of 4,300 cases")
        assert "0.1.0" in texts.t("setup_outdated", version="0.1.0"), "a version is no number"
    finally:
        texts.language.cache_clear()


def test_no_text_promises_safety():
    for key, row in texts.table().items():
        assert not {"guarantee", "100 %", "unbreakable"} & set(row["en"].lower().split()), key


def test_the_catalogue_keeps_unknown_kinds_and_drops_what_is_no_list():
    made = catalogue.catalogue({"new": [{"name": "x"}], "number": 3, "bad": [1, {}]})
    assert made.of("new") == [{"name": "x"}] and made.of("number") == [] and made.of("bad") == []
    assert made.says("styles", "gone") == "gone"


def test_the_child_s_environment_is_clean(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/krita")
    monkeypatch.setenv("PYTHONHOME", "/krita")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/own")
    env = process.environment()
    assert not env.contains("PYTHONPATH") and not env.contains("PYTHONHOME")
    assert env.contains("LD_LIBRARY_PATH"), "outside a bundle it is the artist's own"
    monkeypatch.setenv("APPIMAGE", "/x.AppImage")
    assert not process.environment().contains("LD_LIBRARY_PATH")


@pytest.mark.parametrize("words", [(), ("/nowhere/python",), (sys.executable, "-c", "raise 1")])
def test_an_engine_that_does_not_start_is_said_in_one_line(here, words):
    made = process.Engine()
    made.start(words)
    until(lambda: made.condition.name in ("absent", "broken"))
    expected = {0: "", 1: "not_started", 3: "no_hello"}[len(words)]
    assert made.condition.says == expected
    assert f"engine_{expected}" in texts.table() or not expected


def test_another_protocol_is_refused(here, monkeypatch):
    monkeypatch.setenv("FAKE_PROTOCOL", "1")
    made = process.Engine()
    made.start((sys.executable, str(FAKE)))
    until(lambda: made.condition.name == "broken")
    assert made.condition.says == "protocol"


def test_the_engine_ends_when_its_stdin_closes(here):
    made = process.Engine()
    made.start((sys.executable, str(FAKE)))
    until(lambda: made.condition.name == "ready")
    child = made._process
    made.stop()
    assert child.state() == QtCore.QProcess.ProcessState.NotRunning
    assert child.exitCode() == 0


def test_shrinking_keeps_small_pictures_to_the_bit(here, painting):
    doc, node = painting
    picture, _ = take(doc, "layer")
    small = [one for one in small_pictures.shrunk(picture) if one][-1]
    assert small.pixels == pixels_of(node) and (small.width, small.height) == (W, H)


def test_shrinking_goes_by_strips_and_keeps_the_colours(here, monkeypatch):
    monkeypatch.setattr(small_pictures, "STRIP", 64)
    flat = bytes((10, 200, 30, 255)) * (40 * 20)
    doc, _node = opened(here, flat, width=40, height=20)
    picture, _ = take(doc, "layer")
    steps = list(small_pictures.shrunk(picture, longest=10))
    small = steps[-1]
    assert len(steps) > 10 and (small.width, small.height) == (10, 5)
    assert set(zip(*[iter(small.pixels)] * 4, strict=True)) == {(10, 200, 30, 255)}


def test_sixteen_bits_shrink_in_the_right_order(here):
    blue = (b"\xff\xff" + b"\0\0" + b"\0\0" + b"\xff\xff") * (W * H)
    doc, _node = opened(here, blue, "U16")
    picture, _ = take(doc, "layer", wanted=SCREEN)
    small = [one for one in small_pictures.shrunk(picture) if one][-1]
    assert small.pixels[:4] == bytes((255, 0, 0, 255)), "B, G, R, A"


LINEAR = "sRGB-elle-V2-g10.icc"


def grey(here, depth, value, profile=LINEAR):
    """A linear-light document of one grey."""
    pixel = struct.pack(
        "<4e" if depth == "F16" else "<4H", *[value] * 3, 1 if depth == "F16" else M
    )
    doc, node = opened(here, pixel * (W * H), depth)
    node._space = doc._space = doc._root._space = ("RGBA", depth, profile)
    return doc, node


def test_a_linear_document_is_shown_as_bright_as_it_is(works, here):
    """Krita's own default for 16 bits is linear light."""
    for depth, value in (("U16", round(0.214 * M)), ("F16", 0.214)):
        _doc, _node = grey(here, depth, value)
        works.watch(True)
        works.look()
        until(lambda: works.preview.pictures and not works.preview.stale)
        shown = works.preview.pictures["before"].pixelColor(W // 2, H // 2).red()
        assert abs(shown - 127) <= 1, (depth, shown)
        works.preview.clear()


def test_dark_tones_of_a_linear_document_do_not_band(here):
    doc, node = grey(here, "U16", 0)
    ramp = [round(M * (i / W / 12.92 / 8)) for i in range(W)]
    node.setPixelData(b"".join(struct.pack("<4H", v, v, v, M) for v in ramp) * H, 0, 0, W, H)
    picture, _ = take(doc, "layer", wanted=SCREEN)
    small = [one for one in small_pictures.shrunk(picture) if one][-1]
    assert len(set(small.pixels[: 4 * W : 4])) == W, "eight linear bits have four of these"


def test_the_canvas_layer_of_a_linear_document_is_srgb(works, here):
    _doc, _node = grey(here, "U16", round(0.214 * M))
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.on_canvas.shown.on)
    made = top(here.activeDocument())
    assert made._space == ("RGBA", "U8", krita.SRGB)
    assert abs(255 - bytes(made.pixelData(4, 4, 1, 1))[0] - 127) <= 1, "this engine inverts"


def half_over_black(here):
    """Half-transparent white over black in a group, in linear light: 0.5, which is sRGB 188."""
    doc, node = grey(here, "U16", 0)
    group = krita.Node(doc, "group", "grouplayer")
    doc.rootNode().addChildNode(group, None)
    black, white = doc.createNode("black", "paintlayer"), doc.createNode("white", "paintlayer")
    for made, alpha, value in ((black, M, 0), (white, M // 2, M)):
        made.setPixelData(struct.pack("<4H", value, value, value, alpha) * (W * H), 0, 0, W, H)
        group.addChildNode(made, None)
    doc.setActiveNode(group)
    node.setVisible(False)
    doc.setModified(False)
    return doc


def test_pixels_are_converted_after_they_were_blended(here):
    doc = half_over_black(here)
    word = struct.unpack_from("<H", b"".join(flattened(doc).parts()))[0]
    assert abs(word / 257 - 188) < 1, "an export looks as the canvas does"
    for scope in ("layer", "picture"):
        picture, _ = take(doc, scope, wanted=SCREEN)
        assert abs(next(picture.parts())[0] - 188) <= 1, scope
    assert doc._space[2] == LINEAR and not doc.modified()


def test_only_srgb_itself_is_taken_for_srgb(here):
    srgb = Space("RGBA", "U8", krita.SRGB)
    assert srgb.same(Space("RGBA", "U8", "sRGB-elle-V4-srgbtrc.icc"))
    for profile in ("ClayRGB-elle-V4-srgbtrc.icc", LINEAR, ""):
        assert not srgb.same(Space("RGBA", "U8", profile)), profile
    doc, _node = opened(here, pattern())
    doc._space = ("RGBA", "U8", "ClayRGB-elle-V4-srgbtrc.icc")
    asked = []
    old = krita.Node.setColorSpace
    krita.Node.setColorSpace = lambda *words: (asked.append(words[1:]), old(*words))
    try:
        next(flattened(doc).parts())
    finally:
        krita.Node.setColorSpace = old
    assert ("RGBA", "U8", krita.SRGB) in asked


def test_what_is_converted_is_still_sent_in_small_parts(here, monkeypatch):
    doc, _node = opened(here, bytes(5 * W * H), model="CMYKA")
    monkeypatch.setattr("glassine_krita.canvas.layers.PART", 4 * W)
    parts = list(flattened(doc).parts())
    assert len(parts) == H and {len(part) for part in parts} == {4 * W}


def test_a_layer_in_place_of_another_is_not_to_be_faded(works, here):
    from glassine_krita.docker import GlassineDocker

    opened(here, pattern(alpha=90))
    made, job = GlassineDocker(), works.apply()
    until(lambda: not job.active)
    words = made.main.jobs._rows[id(job)].says.text()
    assert "in place of the original" in words and "sets the strength" not in words
    made.deleteLater()


def test_a_layer_that_its_clone_lacks_is_refused(here, monkeypatch):
    doc, _node = opened(here, pattern())
    monkeypatch.setattr(krita.Node, "copied", lambda self, doc: krita.Node(doc, "root", "group"))
    with pytest.raises(Refused, match="unreadable"):
        take(doc, "layer")


def test_places_cut_each_other():
    assert Place(0, 0, 10, 10) & Place(5, 6, 10, 10) == Place(5, 6, 5, 4)
    assert (Place(0, 0, 4, 4) & Place(9, 9, 2, 2)).empty


def test_the_preview_comes_and_the_slider_only_scales_it(works, painting):
    doc, _node = painting
    works.watch(True)
    works.look()
    until(lambda: works.preview.pictures)
    assert works.preview.about["strength"] == 70.0
    works.choose(score=55.0)
    until(lambda: works.preview.about["strength"] == 55.0)
    assert not doc.modified() and not doc.undo
    works.choose(recipe="poison")
    until(lambda: works.preview.why == "poison_incomplete")


def test_the_preview_on_the_canvas_leaves_nothing(works, painting, here):
    doc, node = painting
    before = pixels_of(node)
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.on_canvas.shown.on)
    assert len(here._views) == 2 and works.document is doc
    works.show_on_canvas(False)
    assert len(here._views) == 1
    assert not doc.modified() and not doc.undo and pixels_of(node) == before
    works.show_on_canvas(True)
    until(lambda: works.on_canvas.shown.on)
    doc.close()
    works.look()
    assert not here._views and not works.on_canvas.on


def test_a_look_while_a_document_is_converted_does_not_hide_the_preview(
    works, painting, monkeypatch
):
    def slow(*arguments):  # Krita looks at its events meanwhile, and so at the studio's timer
        works.look()
        return real(*arguments)

    real = canvas_preview.take
    monkeypatch.setattr(canvas_preview, "take", slow)
    works.show_on_canvas(True)
    until(lambda: works.on_canvas.shown.on)
    assert works.on_canvas.on
    works.show_on_canvas(False)


def test_previews_wait_while_krita_works_on_the_document(works, painting):
    """It ends where a document is cloned in the middle of a conversion."""
    doc, _node = painting
    doc.at_work = True
    works.watch(True)
    works.look()
    works.show_on_canvas(True)
    turn(0.6)
    assert not works.preview.pictures and not works.preview.why
    assert works.on_canvas.on and not works.on_canvas.shown.on and not works.trouble
    doc.at_work = False
    until(lambda: works.preview.pictures and works.on_canvas.shown.on)
    works.show_on_canvas(False)


def test_a_preview_that_comes_while_krita_works_is_asked_for_again(works, painting):
    doc, _node = painting
    works.choose(style="later")
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.on_canvas._number)
    doc.at_work = True
    until(lambda: not works.on_canvas._number)
    assert works.on_canvas.on and not works.on_canvas.shown.on and not works.trouble
    doc.at_work = False
    until(lambda: works.on_canvas.shown.on)
    works.show_on_canvas(False)


def test_who_orders_while_krita_is_stuck_is_told_to_wait(works, painting):
    doc, _node = painting
    doc.at_work = True
    assert works.apply() is None and "still working" in works.trouble


def test_dragging_the_strength_keeps_the_preview_on_the_canvas(works, painting, monkeypatch):
    cloned, real = [], krita.Document.clone
    monkeypatch.setattr(krita.Document, "clone", lambda doc: (cloned.append(1), real(doc))[1])
    works.choose(style="later")
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.on_canvas._number)
    cloned.clear()
    for score in range(69, 59, -1):
        works.choose(score=float(score))
        turn(0.02)
    assert len(cloned) <= 1, "nothing is read while the slider moves"
    works.on_canvas._begin()
    first = works.on_canvas._number
    works.on_canvas._begin()  # the first one's answer comes when the second is under way
    assert works.on_canvas._number == first + 1
    until(lambda: not works.on_canvas.waiting)
    assert works.on_canvas.on and works.on_canvas.shown.on and not works.trouble


def test_a_late_answer_does_not_end_the_next_preview(works, painting):
    works.choose(style="later")
    works.watch(True)
    works.look()
    until(lambda: works.preview._number)
    busy = []
    works.preview.changed.connect(lambda: busy.append(works.preview.busy))
    works.choose(teach="cat")  # the same pixels: asked again at once
    works.preview._begin()
    until(lambda: works.preview.pictures)
    assert busy[:-1] == [True] * len(busy[:-1]) and not works.preview.stale, busy


def test_the_preview_shows_the_layer_that_is_active(works, here, monkeypatch):
    monkeypatch.setattr(small_pictures, "STRIP", W)
    works._timer.setInterval(1 << 20)
    doc, first = opened(here, bytes((10, 10, 10, 255)) * (W * H))
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


def test_a_preview_on_the_canvas_of_one_document_does_not_choose_for_another(works, here):
    first, _node = opened(here, pattern())
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.on_canvas.shown.on)
    second, _node = opened(here, pattern(width=40, height=30), width=40, height=30)
    assert works.region(second) == Place(0, 0, 40, 30)
    assert works.region(first) == Place(0, 0, W, H)


def test_one_hidden_docker_of_two_does_not_end_the_previews(works, painting):
    from glassine_krita.docker import GlassineDocker

    first, second = GlassineDocker(), GlassineDocker()
    for made in (first, second):
        made.show()
    until(lambda: works.watching)
    second.hide()
    turn(0.05)
    assert works.watching
    first.hide()
    until(lambda: not works.watching)
    for made in (first, second):
        made.deleteLater()


def test_a_save_in_the_preview_s_tab_cannot_reach_the_artist_s_file(
    works, painting, here, tmp_path
):
    doc, _node = painting
    doc.setFileName(str(tmp_path / "piece.kra"))
    assert doc.clone().fileName() == doc.fileName(), "so Krita does it"
    works.look()
    works.show_on_canvas(True)
    until(lambda: works.on_canvas.shown.on)
    copy = here.activeDocument()
    assert copy is not doc and not copy.save() and not os.listdir(tmp_path)
    assert all(node.locked() for node in copy.rootNode().childNodes()), "painting there is lost"
    assert doc.fileName() and not doc.rootNode().childNodes()[0].locked()


def test_an_estimate_comes_from_the_engine(works, painting):
    works.look()
    until(lambda: works.seconds)
    assert works.seconds["quick"] == W * H / 1e4


def test_an_estimate_is_there_soon_after_the_start(here, painting):

    works = studio.Studio()
    works.look()
    works.start_engine()
    until(lambda: works.seconds)
    works.close()


def test_closing_lets_go_of_what_the_preview_was_reading(works, painting, monkeypatch):
    monkeypatch.setattr(small_pictures, "STRIP", W)
    works.watch(True)
    works.look()
    until(lambda: works.preview._picture is not None)
    picture = works.preview._picture
    works.close()
    assert picture._doc is None and not works.preview._reading.isActive()


def test_finding_a_python_and_refusing_old_ones(here, monkeypatch, tmp_path):
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho 3.8 /old\n")
    old.chmod(0o755)
    monkeypatch.setenv("GLASSINE_PYTHON", str(old))
    made = installed.Installer()
    ended = []
    made.ended.connect(ended.append)
    made.install(builds.builds()[0])
    until(lambda: ended)
    assert ended == ["no_python"] and installed.command() == ()
    assert not installed.home().exists(), "nothing was begun"


def script(path, *lines):
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return str(path)


def test_uv_makes_the_environment_where_no_python_will_do(here, monkeypatch, tmp_path):
    """A uv that notes how it was called and makes an environment whose python does nothing."""
    calls = tmp_path / "calls"
    made_python = 'mkdir -p "$venv/bin"; printf "#!/bin/sh\\n" > "$venv/bin/python"'
    lines = (
        f'echo "$@" > {calls}',
        'for venv in "$@"; do :; done',
        made_python,
        'chmod +x "$venv/bin/python"',
    )
    monkeypatch.setenv("GLASSINE_PYTHON", script(tmp_path / "old", "echo 3.9 /old"))
    monkeypatch.setenv("GLASSINE_UV", script(tmp_path / "uv", *lines))
    made, ended = installed.Installer(), []
    made.ended.connect(ended.append)
    made.install(builds.builds()[0])
    until(lambda: ended)
    assert ended == [""] and installed.state()["finished"], made.log()
    said = calls.read_text().split()
    assert said[0] == "venv" and "--seed" in said and ">=3.11" in said
    assert said[-1] == str(installed.home() / "venv")
    assert installed.command()[0] == str(installed.python())


def test_marks_that_cannot_be_installed_cost_nothing_else(here, monkeypatch, tmp_path):
    """The libraries of the marks are the one step that may fail."""
    for torch, expected in (("0", ""), ("1", "install_failed")):
        lines = (
            'for venv in "$@"; do :; done',
            'mkdir -p "$venv/bin"',
            f'cp {tmp_path}/inner "$venv/bin/python"',
        )
        inner = ("case $* in *'[xmp'*) exit 1;; *' torch'*) exit " + torch + ";; esac",)
        script(tmp_path / "inner", *inner)
        monkeypatch.setenv("GLASSINE_PYTHON", script(tmp_path / "old", "echo 3.9 /old"))
        monkeypatch.setenv("GLASSINE_UV", script(tmp_path / "uv", *lines))
        made, ended = installed.Installer(), []
        made.ended.connect(ended.append)
        made.install(builds.builds()[0])
        until(lambda ended=ended: ended)
        assert ended == [expected], made.log()


@pytest.mark.parametrize("pythons", [True, False])
def test_an_installation_on_a_full_disk_ends_and_says_so(works, monkeypatch, tmp_path, pythons):
    monkeypatch.setenv("GLASSINE_PYTHON", script(tmp_path / "new", "echo 3.12 /new"))
    if not pythons:  # only uv, which is asked for nothing before
        monkeypatch.setattr(installed.pythons, "candidates", lambda: [])
        monkeypatch.setenv("GLASSINE_UV", "uv")

    def full(self, finished):
        raise OSError(28, "No space left on device", "state.json")

    monkeypatch.setattr(installed.Installer, "_note", full)
    works.engine.stop()
    works.installer.install(builds.builds()[0])
    until(lambda: "No space left" in works.trouble)
    assert not works.installer.running
    until(lambda: works.engine.condition.name == "ready")


def test_an_installation_that_was_cancelled_leaves_the_engine_as_it_was(
    works, painting, monkeypatch, tmp_path
):
    from glassine_krita.docker import GlassineDocker

    monkeypatch.setenv("GLASSINE_PYTHON", script(tmp_path / "slow", "exec sleep 30"))
    installed.home().mkdir(parents=True)
    told = {"version": installed.VERSION, "build": "cpu", "finished": True}
    (installed.home() / "state.json").write_text(json.dumps(told))
    works.choose(style="slow")
    job, before = works.apply(), works.engine.process_id
    until(lambda: job.fraction)
    made = GlassineDocker()
    made.setup._install()
    assert job.state == "failed" and job.why == "engine_ended" and not works.trouble
    assert works.engine.condition.name == "stopped" and not made.status.act.isVisibleTo(made)
    until(lambda: works.installer.running)
    works.installer.cancel()
    assert installed.state() == told, "nothing was changed yet"
    until(lambda: works.engine.condition.name == "ready")
    assert works.engine.process_id != before and not works.trouble
    works.choose(style="plain")
    again = works.apply()
    until(lambda: not again.active)
    assert again.state == "done"
    made.deleteLater()


def test_an_engine_that_was_stopped_says_so_and_answers_nobody_late(works, painting):
    from glassine_krita.docker import GlassineDocker

    made, told = GlassineDocker(), []
    works.engine.stop()
    assert made.status.says.whole() == "The engine is not running"
    assert made.status.act.text() == "Restart" and made.status.act.isVisibleTo(made)
    works.requests.send("estimate", {}, told.append)
    assert not told, "the caller does not know the number yet"
    until(lambda: told)
    assert (told[0].kind, told[0].says) == ("lost", "engine_ended")
    made.deleteLater()


def test_an_engine_that_never_greets_is_explained(here, painting, monkeypatch):
    from glassine_krita.docker import GlassineDocker

    monkeypatch.setenv("GLASSINE_ENGINE", "/bin/sleep 30")
    monkeypatch.setattr(process, "SLOW", 50)
    works = studio.Studio()
    works.start_engine()
    monkeypatch.setattr("glassine_krita.docker.studio", lambda: works)
    made = GlassineDocker()
    assert not made.status.act.isVisibleTo(made)
    until(lambda: works.trouble)
    assert "for a minute" in works.trouble and made.status.act.isVisibleTo(made)
    monkeypatch.setenv("GLASSINE_ENGINE", f"{sys.executable}\x1f{FAKE}")
    made.status._act()
    until(lambda: works.engine.condition.name == "ready")
    assert works.trouble == "" and not made.status.act.isVisibleTo(made)
    works.close()
    made.deleteLater()


@pytest.fixture
def hidden(works, here):
    """Glassine's docker, which the artist has hidden and Krita knows."""
    from glassine_krita.docker import DOCKER_ID, GlassineDocker

    made = GlassineDocker()
    made.setObjectName(DOCKER_ID)
    here._dockers.append(made)
    yield made
    made.deleteLater()


def test_an_action_without_a_job_is_answered_in_the_docker(works, painting, hidden):
    from glassine_krita import extension

    hidden.open("export")
    doc, node = painting
    doc.setActiveNode(None)
    extension.apply()
    assert hidden.isVisible() and hidden.pages.currentIndex() == 0 and works.trouble
    hidden.hide()
    doc.setActiveNode(node)
    extension.apply()
    assert not hidden.isVisible(), "a job goes its way"


def test_a_late_question_brings_a_hidden_docker_up(works, painting, hidden):
    from glassine_krita import extension

    works.choose(style="twice")
    extension.apply()
    assert not hidden.isVisible(), "nothing is asked yet"
    until(lambda: works.jobs.all[0].state == "asking")
    assert hidden.isVisible()
    hidden.open("export")
    extension.apply()
    until(lambda: works.jobs.all[1].state == "asking")
    assert hidden.pages.currentIndex() == 1, "who is at a page is left there"


def test_a_job_that_went_wrong_brings_a_hidden_docker_up(works, painting, hidden):
    from glassine_krita import extension

    works.choose(style="fail")
    extension.apply()
    assert not hidden.isVisible(), "nothing is wrong yet"
    until(lambda: works.jobs.all[0].state == "failed")
    assert hidden.isVisible() and hidden.trouble.isVisible()
    hidden.hide()
    works.choose(style="slow")
    extension.apply()
    works.jobs.cancel(works.jobs.all[1])
    assert not hidden.isVisible(), "who cancels knows it"
    works.choose(style="plain")
    extension.apply()
    painting[0].close()
    until(lambda: works.jobs.all[2].state == "kept")
    assert hidden.isVisible()


def test_asking_without_an_engine_says_what_to_do(here, painting, monkeypatch):

    monkeypatch.setenv("GLASSINE_ENGINE", "")
    works = studio.Studio()
    works.start_engine()
    assert works.apply() is None and "Install it" in works.trouble
    works.close()


def test_uv_is_found_in_the_usual_places(monkeypatch, tmp_path):
    from pathlib import Path

    from glassine_krita.install import pythons

    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert not pythons.uv().startswith(str(tmp_path))
    folder = tmp_path / ".local" / "bin"
    folder.mkdir(parents=True)
    script(folder / pythons.UV, "")
    assert pythons.uv() == str(folder / pythons.UV)
    assert pythons.version("3.12 /a b/python\n") == ((3, 12), "/a b/python")
    assert pythons.version("no python here") == pythons.version("") == ((), "")


@pytest.mark.parametrize("system", ["linux", "win32", "darwin", "freebsd14"])
def test_every_build_says_its_size_beforehand(system):
    from glassine_krita.views.setup import sizes

    for build in builds.builds(system):
        assert 100 < build.download < build.disk
        assert "download" in sizes(build) and ("asked in" in sizes(build)) == bool(build.asked)


def test_an_engine_of_another_version_is_not_started(here):
    folder = installed.home()
    folder.mkdir(parents=True)
    installed.python().parent.mkdir(parents=True)
    installed.python().write_text("")
    state = {"version": "0.0.1", "build": "cpu", "finished": True}
    (folder / "state.json").write_text(json.dumps(state))
    assert installed.outdated() and installed.command() == ()
    state["version"] = installed.VERSION
    (folder / "state.json").write_text(json.dumps(state))
    assert installed.command()[1:] == ("-I", "-u", "-m", "glassine.service")
    freeing = installed.remove()
    assert installed.state() == {} and not (folder / "venv").exists()
    freeing.join()
    assert os.listdir(folder) == [] and installed.remove() is None


def test_what_was_left_of_a_removed_engine_goes_at_the_next_start(here):
    from glassine_krita.studio import instance

    for name in (installed.REMOVED + "1f", "venv"):
        (installed.home() / name / "lib").mkdir(parents=True)
    instance._made.clear()
    made = instance.studio()
    until(lambda: os.listdir(installed.home()) == ["venv"])
    made.close()
    instance._made.clear()


def test_removing_the_engine_is_asked_once(works, monkeypatch):
    from glassine_krita.docker import GlassineDocker

    (installed.home() / "venv").mkdir(parents=True)
    told = {"version": installed.VERSION, "build": "cpu", "finished": True}
    (installed.home() / "state.json").write_text(json.dumps(told))
    made = GlassineDocker()
    made.open("setup")
    made.setup.remove.click()
    assert installed.state() == told and made.setup.remove.text() == "Really remove it?"
    made.open("setup")
    assert made.setup.remove.text() == "Remove engine", "who leaves has not said yes"
    made.setup.remove.click()
    made.setup.remove.click()
    assert installed.state() == {} and not (installed.home() / "venv").exists()
    until(lambda: not os.listdir(installed.home()))
    made.deleteLater()


def on(works, kind):
    """Once the engine is ready there."""
    ready = lambda: works.engine.condition.name == "ready"  # noqa: E731
    until(lambda: ready() and works.engine.condition.hello["device"]["kind"] == kind)


def test_the_processor_can_be_asked_for_instead_of_the_card(here, painting, monkeypatch):
    from glassine_krita.docker import GlassineDocker

    monkeypatch.setenv("FAKE_DEVICE", "cuda")
    works = studio.Studio()
    monkeypatch.setattr("glassine_krita.docker.studio", lambda: works)
    works.start_engine()
    made = GlassineDocker()
    page = made.setup
    on(works, "cuda")
    assert page.device_row.isVisibleTo(page) and page.device.currentData() == ""
    page.device.activated.emit(1)
    on(works, "cpu")
    assert page.device.currentData() == "cpu" and settings.word("device") == "cpu"
    before = works.engine.process_id
    os.kill(before, 9)
    until(lambda: works.engine.process_id not in (0, before))
    on(works, "cpu")
    works.choose(style="slow")
    job = works.apply()
    until(lambda: job.fraction)
    assert not page.device.isEnabled(), "the job would be lost"
    works.jobs.cancel(job)
    assert page.device.isEnabled()
    page.device.activated.emit(0)
    on(works, "cuda")
    works.close()
    made.deleteLater()


def test_the_choice_of_a_later_version_does_not_stop_the_docker(here, monkeypatch):
    from glassine_krita.docker import GlassineDocker

    settings.write(Choice(recipe="mist", effort="overnight", scope="frames", style="new"))
    works = studio.Studio()
    monkeypatch.setattr("glassine_krita.docker.studio", lambda: works)
    made = GlassineDocker()
    made.main.effort.activated.emit(1)
    assert works.choice.effort == "quick" and made.main.effort.currentData() == "quick"
    works.close()
    made.deleteLater()


def test_without_a_card_nobody_is_asked_where_to_compute(works):
    from glassine_krita.docker import GlassineDocker

    made = GlassineDocker()
    assert not made.setup.device_row.isVisibleTo(made.setup)
    made.deleteLater()


def test_the_docker_draws_itself_and_follows_the_studio(works, painting, app):
    from glassine_krita.docker import GlassineDocker

    made = GlassineDocker()
    made.resize(280, 800)
    made.show()
    works.look()
    until(lambda: works.preview.pictures)
    assert made.status.says.whole() == "Ready · CPU, 2 threads"
    assert made.main.apply.isEnabled()
    styles = made.main.what.style
    assert styles.itemText(1) == "style slow" and not styles.itemIcon(1).isNull()
    for page in ("export", "setup", "main"):
        made.open(page)
        app.processEvents()
        assert not made.grab().toImage().isNull()
    page = made.exporting
    marks = page._marks
    marks["receipt"].setChecked(True)
    page._more["sidecar"].setChecked(True)
    assert page.more.isVisibleTo(page) and page.how().sidecar and not page.how().keep_path
    marks["receipt"].setChecked(False)
    assert not page.more.isVisibleTo(page) and not page.how().sidecar
    assert not marks["gone"].isEnabled() and marks["gone"].toolTip() == "gone\nneeds a library"
    job = works.apply()
    until(lambda: not job.active)
    assert len(made.main.jobs._rows) == 1
    made.deleteLater()
    app.sendPostedEvents(None, 52)  # DeferredDelete
    works.complain("after the window was closed")


def test_a_wheel_zooms_by_how_far_it_was_turned(app):
    from glassine_krita.qt import Qt
    from glassine_krita.views.compare import STEP, Compare

    view = Compare()
    view.resize(100, 100)
    before = QtGui.QImage(9, 9, small_pictures.FORMAT)
    view.show_pictures({"before": before, "after": QtGui.QImage()}, "")

    def roll(x, y):
        at, none = QtCore.QPointF(50, 50), QtCore.QPoint()
        buttons, keys = Qt.MouseButton.NoButton, Qt.KeyboardModifier.NoModifier
        turned, phase = QtCore.QPoint(x, y), Qt.ScrollPhase.NoScrollPhase
        view.wheelEvent(QtGui.QWheelEvent(at, at, none, turned, buttons, keys, phase, False))
        return view._zoom

    assert roll(0, 240) == pytest.approx(STEP**2)
    assert roll(120, 0) == pytest.approx(STEP**2), "sideways is neither in nor out"
    for _ in range(8):  # a touchpad: one notch in parts
        roll(0, -15)
    assert roll(0, 0) == pytest.approx(STEP)
    view.deleteLater()


def test_a_model_s_view_needs_a_decoder_and_that_is_said(works, painting):
    from glassine_krita.views.compare import Compare

    made = Compare()
    made.show_pictures({"before": QtGui.QImage(4, 4, QtGui.QImage.Format.Format_ARGB32)}, "")
    made.show_mode("sees")
    made.blind = True
    assert "decoder" in made._why_empty()
    made.blind = False
    assert made._why_empty() == texts.t("preview_none")


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_a_narrow_docker_cuts_nothing_off(works, painting, monkeypatch, language):
    from glassine_krita.docker import GlassineDocker

    monkeypatch.setenv("GLASSINE_LANGUAGE", language)
    texts.language.cache_clear()
    try:
        made = GlassineDocker()
        for page in (made.main, made.exporting, made.setup):
            wide = page.minimumSizeHint().width() / page.fontMetrics().averageCharWidth()
            assert wide < 36, f"{type(page).__name__} wants {wide:.0f} letters"
        made.deleteLater()
    finally:
        texts.language.cache_clear()


def test_fields_can_be_reached_and_are_named(works, painting):
    from glassine_krita.docker import GlassineDocker

    made = GlassineDocker()
    kinds = (QtWidgets.QLineEdit, QtWidgets.QComboBox, QtWidgets.QSlider, QtWidgets.QSpinBox)
    for kind in kinds:
        for field in made.findChildren(kind):
            if field.objectName().startswith("glassine"):
                assert field.accessibleName(), field.objectName()
                assert field.focusPolicy() != QtCore.Qt.FocusPolicy.NoFocus
    made.deleteLater()


def test_an_end_of_krita_starts_no_engine(here):
    from glassine_krita import extension
    from glassine_krita.studio import instance

    extension.GlassineExtension(here).setup()
    instance._made.clear()
    here.notifier().applicationClosing.emit()
    assert not instance._made
    closing = instance.studio()
    until(lambda: closing.engine.condition.name == "ready")
    here.notifier().applicationClosing.emit()
    assert closing.engine.process_id == 0
    instance._made.clear()


def test_both_menus_get_the_export(here, works):
    from glassine_krita import extension

    made = extension.GlassineExtension(here)
    made.createActions(here.activeWindow())
    extension.into_file_menus()
    extension.into_file_menus()
    menus = {
        bar.objectName(): bar.menu() for bar in here.activeWindow().qwindow().menuBar().actions()
    }
    for name in ("file", "tools"):
        rows = [row.objectName() for row in menus[name].actions()]
        assert rows.count("glassine_export") == 1, rows


def test_the_qt_that_was_asked_for_is_the_one_that_runs():
    assert QtCore.qVersion().startswith(os.environ["GLASSINE_QT"])
    assert QtGui.QColor("#fff").isValid() and krita.SRGB
