"""The docker and its menus: drawn, followed, named, brought up when something is asked."""

import os

import krita
import pytest
from bench import (
    app,
    fresh_krita,
    opened,
    painting,
    pattern,
    speaks,
    until,
    works,
)
from glassine_krita import extension
from glassine_krita.canvas import small_pictures
from glassine_krita.docker import DOCKER_ID, GlassineDocker
from glassine_krita.engine.asks import plain
from glassine_krita.qt import QtCore, QtGui, QtWidgets
from glassine_krita.studio import instance, orders
from glassine_krita.studio.job import State
from glassine_krita.words import texts

__all__ = ["app", "fresh_krita", "painting", "speaks", "works"]


def test_a_layer_in_place_of_another_is_not_to_be_faded(works, fresh_krita):
    opened(fresh_krita, pattern(alpha=90))
    made, job = GlassineDocker(), works.apply()
    until(lambda: not job.active)
    words = made.main.jobs._rows[id(job)].says.text()
    assert "in place of the original" in words and "sets the strength" not in words
    made.deleteLater()


def test_the_docker_says_what_it_took_the_picture_for_and_leaves_the_strength(works, painting):
    made = GlassineDocker()
    works.watch(True)
    works.look()
    page = made.main
    until(lambda: works.preview.pictures)
    assert page.suits_says.whole() == "Taken for line art: “subtle” suits it."
    assert works.choice.score == 70.0 and not page.use_it.isHidden(), "advice, not an order"
    page.use_it.click()
    assert works.choice.score == 85.0 and page.use_it.isHidden()
    works.choose(score=60.0)
    assert not page.use_it.isHidden(), "and the artist may differ again"
    made.deleteLater()


@pytest.fixture
def hidden(works, fresh_krita):
    """Glassine's docker, which the artist has hidden and Krita knows."""
    made = GlassineDocker()
    made.setObjectName(DOCKER_ID)
    fresh_krita._dockers.append(made)
    yield made
    made.deleteLater()


def test_an_action_without_a_job_is_answered_in_the_docker(works, painting, hidden):
    hidden.open("export")
    doc, node = painting
    doc.setActiveNode(None)
    extension.apply_from_menu()
    assert hidden.isVisible() and hidden.pages.currentIndex() == 0 and works.trouble
    hidden.hide()
    doc.setActiveNode(node)
    extension.apply_from_menu()
    assert not hidden.isVisible(), "a job goes its way"


def test_a_late_question_brings_a_hidden_docker_up(works, painting, hidden):
    works.choose(style="twice")
    extension.apply_from_menu()
    assert not hidden.isVisible(), "nothing is asked yet"
    until(lambda: works.jobs.all[0].state == State.ASKING)
    assert hidden.isVisible()
    hidden.open("export")
    extension.apply_from_menu()
    until(lambda: works.jobs.all[1].state == State.ASKING)
    assert hidden.pages.currentIndex() == 1, "who is at a page is left there"


def test_a_job_that_went_wrong_brings_a_hidden_docker_up(works, painting, hidden):
    works.choose(style="fail")
    extension.apply_from_menu()
    assert not hidden.isVisible(), "nothing is wrong yet"
    until(lambda: works.jobs.all[0].state == State.FAILED)
    assert hidden.isVisible() and hidden.trouble.isVisible()
    hidden.hide()
    works.choose(style="slow")
    extension.apply_from_menu()
    works.jobs.cancel(works.jobs.all[1])
    assert not hidden.isVisible(), "who cancels knows it"
    works.choose(style="plain")
    extension.apply_from_menu()
    painting[0].close()
    until(lambda: works.jobs.all[2].state == State.KEPT)
    assert hidden.isVisible()


def test_the_docker_draws_itself_and_follows_the_studio(works, painting, app):
    made = GlassineDocker()
    made.resize(280, 800)
    made.show()
    works.look()
    until(lambda: works.preview.pictures)
    assert made.status.says.whole() == "Ready · CPU, 2 threads"
    assert made.main.apply.isEnabled()
    styles = made.main.what.style_menu
    assert styles.itemText(1) == "style slow" and not styles.itemIcon(1).isNull()
    for page in ("export", "setup", "main"):
        made.open(page)
        app.processEvents()
        assert not made.grab().toImage().isNull()
    page = made.exporting
    marks = page.marks.boxes
    marks["receipt"].setChecked(True)
    page.marks.switches["sidecar"].setChecked(True)
    assert page.marks.more.isVisibleTo(page) and page.how().sidecar and not page.how().keep_path
    marks["receipt"].setChecked(False)
    assert not page.marks.more.isVisibleTo(page) and not page.how().sidecar
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
    assert made._why_empty() == texts.t("sees_nothing")
    made.blind = False
    assert made._why_empty() == texts.t("preview_none")


SEEN = {
    "sees_before": "#ff0000",
    "sees_after": "#00ff00",
    "sees_goal": "#0000ff",
    "sees_difference": "#808080",
}


def plain_pictures(colours):
    """Name -> a picture of one colour."""
    made = {"before": QtGui.QImage(8, 8, small_pictures.FORMAT)}
    for name, colour in colours.items():
        made[name] = QtGui.QImage(8, 8, small_pictures.FORMAT)
        made[name].fill(QtGui.QColor(colour))
    return made


def test_original_copy_goal_and_difference_stand_beside_each_other(app):
    """Square pictures: two by two where there is room, and in a row in a low docker."""
    from glassine_krita.views.compare import Compare

    view = Compare()
    view.show_mode("sees")
    view.show_pictures(plain_pictures(SEEN), "")
    for (width, height), columns in (((204, 204), 2), ((412, 104), 4)):
        view.resize(width, height)
        shown = view.grab().toImage()
        wide, high = width // columns, height // (4 // columns)
        found = [
            shown.pixelColor(at % columns * wide + wide // 2, at // columns * high + high // 2)
            for at in range(4)
        ]
        assert [one.name() for one in found] == list(SEEN.values()), (width, height)
    view.show_pictures(plain_pictures({n: c for n, c in SEEN.items() if n != "sees_goal"}), "")
    view.resize(312, 104)
    shown = view.grab().toImage()
    assert [shown.pixelColor(x, 52).name() for x in (50, 156, 262)] == [
        *(SEEN[name] for name in ("sees_before", "sees_after", "sees_difference"))
    ]
    view.deleteLater()


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_labels_of_a_model_s_view_are_no_wider_than_their_pictures(app, speaks, language):
    from glassine_krita.views.compare import PAD, Compare, small

    speaks(language)
    view = Compare()
    metrics = QtGui.QFontMetricsF(small(view.font()))
    wide = {}
    for width in (400.0, 130.0, 62.0, 30.0):
        labels = view._labels(dict.fromkeys(SEEN, width))
        most = max(metrics.size(0, text).width() for text in labels.values())
        assert most <= max(width - PAD, metrics.size(0, "…").width()), (width, labels)
        assert all(labels.values()), "none is left out"
        wide[width] = labels
    assert wide[400.0] == {name: texts.t(name) for name in SEEN}
    view.show_mode("sees")
    view.show_pictures(plain_pictures(SEEN), "")
    view.resize(600, 104)  # parts are wider than the pictures in them, which have equal sides
    drawn, real = [], view._label
    view._label = lambda painter, text, shown, right: (
        drawn.append((text, shown)) or real(painter, text, shown, right)
    )
    view.grab()
    assert len(drawn) == len(SEEN)
    for text, shown in drawn:
        assert metrics.size(0, text).width() + PAD <= shown.width() == 104, (text, shown)
    view.show_mode("wipe")
    view.show_pictures(plain_pictures({"after": "#000000"}), "")
    for side, count in ((60, 0), (300, 2)):
        drawn.clear()
        view.resize(side, side)
        view.grab()
        assert len(drawn) == count, "one would lie on the other"
    view.deleteLater()


def test_parts_of_a_model_s_view_are_zoomed_together(app):
    from glassine_krita.views.compare import Compare

    view = Compare()
    view.show_mode("sees")
    view.show_pictures(plain_pictures(SEEN), "")
    view.resize(204, 204)
    view._zoom_to(2.0, QtCore.QPointF(104, 104))  # the upper left corner of the last part
    assert view._zoom == 2.0 and view._xy() == pytest.approx((0.25, 0.25), abs=0.01)
    assert not view._near_line(QtCore.QPointF(102, 50)), "there is no line to move"
    view.deleteLater()


@pytest.mark.parametrize("language", ["en", "de", "ja"])
def test_a_narrow_docker_cuts_nothing_off(works, painting, monkeypatch, language):
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
    made = GlassineDocker()
    kinds = (QtWidgets.QLineEdit, QtWidgets.QComboBox, QtWidgets.QSlider, QtWidgets.QSpinBox)
    for kind in kinds:
        for field in made.findChildren(kind):
            if field.objectName().startswith("glassine"):
                assert field.accessibleName(), field.objectName()
                assert field.focusPolicy() != QtCore.Qt.FocusPolicy.NoFocus
    made.deleteLater()


def test_tabbing_goes_from_top_to_bottom_when_the_lists_have_come(works, painting):
    made = GlassineDocker()
    at, order = made.main.what.recipe, []
    for _ in range(60):
        at = at.nextInFocusChain()
        order.append(at.objectName())
    places = ("cloak", "poison", "both", "style", "shows", "layer", "visible", "effort")
    found = [order.index(f"glassine_{name}") for name in places]
    assert found == sorted(found), order
    made.deleteLater()


def test_an_end_of_krita_starts_no_engine(fresh_krita):
    extension.GlassineExtension(fresh_krita).setup()
    instance._made.clear()
    fresh_krita.notifier().applicationClosing.emit()
    assert not instance._made
    closing = instance.studio()
    until(lambda: closing.engine.condition.name == "ready")
    fresh_krita.notifier().applicationClosing.emit()
    assert closing.engine.process_id == 0
    instance._made.clear()


def test_both_menus_get_the_export(fresh_krita, works):
    made = extension.GlassineExtension(fresh_krita)
    made.createActions(fresh_krita.activeWindow())
    extension.into_file_menus()
    extension.into_file_menus()
    menus = {
        bar.objectName(): bar.menu()
        for bar in fresh_krita.activeWindow().qwindow().menuBar().actions()
    }
    for name in ("file", "tools"):
        rows = [row.objectName() for row in menus[name].actions()]
        assert rows.count("glassine_export") == 1, rows


def test_the_qt_that_was_asked_for_is_the_one_that_runs():
    assert QtCore.qVersion().startswith(os.environ["GLASSINE_QT"])
    assert QtGui.QColor("#fff").isValid() and krita.SRGB


def test_faces_are_explained_once_and_each_can_be_switched_off(works, painting):
    made = GlassineDocker()
    rows = made.main.what.faces
    works.watch(True)
    works.look()
    assert not rows.isVisibleTo(made)
    works.choose(recipe="lowkey")
    assert rows.isVisibleTo(made) and rows.explain.isVisibleTo(made)
    explained = rows.findChild(QtWidgets.QPushButton, "glassine_face_understood")
    explained.click()
    assert not rows.explain.isVisibleTo(made)
    until(lambda: len(works.faces.boxes) == 2)
    assert [one.isChecked() for one in rows.buttons] == [True, True]
    rows.buttons[1].click()
    ((across, down),) = works.intent.spared
    left, top, right, low = works.faces.boxes[1]
    assert left < across < right and top < down < low
    assert [one.isChecked() for one in rows.buttons] == [True, False]
    job = works.apply()
    until(lambda: not job.active)
    assert job.state == State.DONE
    told = plain(job.order.ask.intent)
    assert told["spared"] == [[across, down]] == job.order.choice["spared"]
    assert orders.spared_then(job.order.choice) == works.intent.spared
    rows.buttons[0].click()
    until(lambda: works.preview.why is not None)
    assert len(works.faces.boxes) == 2, "where all are off they can be switched on again"
    rows.buttons[0].click()
    until(lambda: works.preview.pictures)
    works.choose(recipe="cloak")
    assert works.intent.spared is None and not rows.isVisibleTo(made)
    opened(krita.Krita.instance(), pattern())
    works.look()
    assert works.faces.boxes == works.faces.spared == (), "another document has other faces"
    made.deleteLater()


@pytest.mark.parametrize("told", [None, 3, [], [[1]], [["a", 2]], [[True, 2]]])
def test_what_a_copy_says_of_faces_that_were_left_alone_may_be_anything(told):
    assert orders.spared_then({"spared": told}) is None
