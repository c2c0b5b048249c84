"""The export page: whose name stands in it, what it never writes over, what a bug report says."""

import json
import os
from types import SimpleNamespace

import krita
import pytest
from bench import app, fresh_krita, opened, painting, pattern, until, works
from glassine_krita.canvas.pictures import take_picture
from glassine_krita.docker import GlassineDocker
from glassine_krita.engine.answers import FileMade, Offer, Trial
from glassine_krita.engine.asks import ExportFile, Protect
from glassine_krita.engine.catalogue import entry_says
from glassine_krita.qt import Qt, QtGui, QtWidgets
from glassine_krita.studio import filenames, settings, studio
from glassine_krita.studio.choices import Artist, Choice, Exporting
from glassine_krita.studio.job import Job, Kind, Order, Outcome, State
from glassine_krita.views import job as jobview
from glassine_krita.views import parts
from glassine_krita.views.export import ExportPage, measured_formats
from glassine_krita.words import redaction, texts
from glassine_krita.words.causes import cause_of
from glassine_krita.words.gaps import Message, message
from glassine_krita.words.texts import t

__all__ = ["app", "fresh_krita", "painting", "works"]


@pytest.fixture
def docker(works, painting, tmp_path):
    """A docker on its export page, in front of a document that lies in a folder of its own."""
    doc, _node = painting
    doc._file = str(tmp_path / "piece.kra")
    (tmp_path / "piece.kra").write_bytes(b"original")
    settings.write_setting(Exporting(folder=str(tmp_path), marks=()))
    made = GlassineDocker()
    made.open("export")
    yield made
    made.deleteLater()


@pytest.fixture(params=["de", "ja"])
def language(request, monkeypatch):
    monkeypatch.setenv("GLASSINE_LANGUAGE", request.param)
    texts.language.cache_clear()
    yield request.param
    texts.language.cache_clear()


def intent():
    return Choice().intent(frozenset({"style"}))


def file_order(path):
    return Order(Kind.EXPORT, path, ExportFile(intent()), path=path)


def ended(works):
    until(lambda: works.jobs.all and not any(job.active for job in works.jobs.all))
    return works.jobs.all[-1]


def test_the_page_follows_the_document_in_front(works, docker, fresh_krita, tmp_path):
    page = docker.exporting
    assert page.path.text() == str(tmp_path / "piece-protected.png")
    other, _node = opened(fresh_krita, pattern())
    other._file = str(tmp_path / "other.kra")
    page.save.click()
    assert not works.jobs.all, "the name on the page was the first document's"
    assert page.path.text() == str(tmp_path / "other-protected.png")
    fresh_krita.front(next(doc for doc in fresh_krita.documents() if doc is not other))
    works.look()
    assert page.path.text() == str(tmp_path / "piece-protected.png")


def test_a_title_that_is_no_file_name_is_suggested_as_one(works, docker, fresh_krita, tmp_path):
    doc, _node = opened(fresh_krita, pattern())
    for title in ("Study 1/3", "/Study 1:3", 'Study "1"?\n'):
        doc._name = title
        docker.exporting.shown()
        folder, name = os.path.split(docker.exporting.path.text())
        assert folder == str(tmp_path) and name.endswith("-protected.png"), title
        assert not set(name) & set('\\/:*?"<>|\n'), name


def test_a_file_that_is_there_is_replaced_only_on_the_artist_s_word(works, docker, tmp_path):
    page, copy = docker.exporting, tmp_path / "piece-protected.png"
    copy.write_bytes(b"mine")
    page.save.click()
    assert not works.jobs.all and copy.read_bytes() == b"mine"
    assert copy.name in works.trouble and page.save.text() == "Replace"
    page.path.setText(str(tmp_path / "new.png"))
    assert page.save.text() == "Export" and not works.trouble, "another name: nothing to ask"
    page.path.setText(str(copy))
    page.save.click()
    assert not works.jobs.all, "asked anew"
    page.save.click()
    assert ended(works).state == State.DONE and copy.read_bytes().startswith(b"FILE")
    assert not works.trouble and page.save.text() == "Export"


def test_the_name_of_an_export_that_still_waits_is_taken(works, docker):
    works.jobs.ready = False
    docker.exporting.save.click()
    assert len(works.jobs.all) == 1
    docker.open("export")
    docker.exporting.save.click()
    assert len(works.jobs.all) == 1 and "piece-protected.png" in works.trouble


def test_the_save_dialog_has_asked_already(works, docker, tmp_path, monkeypatch):
    page, copy = docker.exporting, tmp_path / "piece-protected.png"
    copy.write_bytes(b"mine")
    told = {"path": str(copy)}
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *words: (told["path"], ""))
    page._browse()
    page.save.click()
    assert ended(works).state == State.DONE
    told["path"] = str(tmp_path / "piece-protected")  # the dialog knew nothing of the ".png"
    page._browse()
    page.save.click()
    assert len(works.jobs.all) == 1 and "piece-protected.png" in works.trouble


def test_a_dot_in_a_name_begins_no_suffix(works, docker, tmp_path, monkeypatch):
    page, told = docker.exporting, str(tmp_path / "Study v1.2")
    monkeypatch.setattr(QtWidgets.QFileDialog, "getSaveFileName", lambda *words: (told, ""))
    page._browse()
    assert page.path.text() == told + ".png"
    page.path.setText(told)
    page.format_menu.setCurrentIndex(page.format_menu.findData("jpeg"))
    page.format_menu.activated.emit(1)
    assert page.path.text() == told + ".jpg"
    page.format_menu.setCurrentIndex(page.format_menu.findData("png"))
    page.format_menu.activated.emit(0)
    assert page.path.text() == told + ".png"


def test_a_file_is_written_under_its_format_s_name(works, docker, tmp_path):
    page = docker.exporting
    page.path.setText(str(tmp_path / "other.JPG"))
    page.save.click()
    assert "ends in .jpg" in works.trouble and "PNG" in works.trouble and not works.jobs.all
    page.path.setText(str(tmp_path / "Study v1.2"))
    page.save.click()
    assert ended(works).state == State.DONE and (tmp_path / "Study v1.2.png").exists()
    page.save.click()
    assert "Study v1.2.png" in works.trouble, "that it is there is seen under its whole name"
    page.save.click()
    assert len(works.jobs.all) == 2 and ended(works).state == State.DONE
    page.path.setText(str(tmp_path))
    page.save.click()
    assert len(works.jobs.all) == 2 and "is a folder" in works.trouble


def test_no_open_document_s_file_is_written_over(works, docker, fresh_krita, tmp_path):
    page = docker.exporting
    original = tmp_path / "piece.kra"
    link = tmp_path / "link.kra"
    os.symlink(original, link)
    flat = tmp_path / "flat.png"
    flat.write_bytes(b"other")
    other = krita.Document(4, 4, "flat")
    other._file = str(flat)
    fresh_krita._documents.append(other)
    for path in (original, link, tmp_path / "." / "piece.kra", flat):
        page.path.setText(str(path))
        page.save.click()
        assert works.trouble == texts.t("own_file"), path
        works.complain("")
    page.path.setText(str(tmp_path))
    page.save.click()
    assert "is a folder" in works.trouble
    assert not works.jobs.all and original.read_bytes() == b"original"


def test_where_nothing_can_be_written_is_said_before_minutes_of_work(tmp_path, monkeypatch):
    there, dangling = tmp_path / "copy.png", tmp_path / "link.png"
    there.touch()
    dangling.symlink_to(tmp_path / "gone" / "copy.png")
    assert filenames.path_refusal(str(there)) == ""
    assert "gone" in filenames.path_refusal(str(tmp_path / "gone" / "copy.png"))
    assert "gone" in filenames.path_refusal(str(dangling)), "a link that leads nowhere"
    assert filenames.path_refusal(str(tmp_path)) == t("no_name", folder=str(tmp_path))
    locked = {str(there)}
    monkeypatch.setattr(os, "access", lambda path, how: path not in locked)
    refused = t("no_permission", folder=str(tmp_path))
    assert filenames.path_refusal(str(there)) == refused, "a file that is read-only"
    locked = {str(tmp_path)}
    assert filenames.path_refusal(str(there)) == refused, "a folder that is"
    monkeypatch.undo()
    full = SimpleNamespace(free=filenames.ROOM - 1)
    monkeypatch.setattr(filenames.shutil, "disk_usage", lambda folder: full)
    assert filenames.path_refusal(str(there)) == t("no_space", folder=str(tmp_path))


def test_a_bare_name_and_no_name_belong_beside_the_document(works, docker, tmp_path):
    works.document.setFileName(str(tmp_path / "work.kra"))
    page = docker.exporting
    for typed, written in (("mine", "mine.png"), ("  ", "work-protected.png")):
        page.shown()
        page.path.setText(typed)
        page.save.click()
        until(lambda written=written: (tmp_path / written).exists())


def test_a_link_is_written_through(works, docker, tmp_path):
    real, link = tmp_path / "posted.png", tmp_path / "link.png"
    real.write_bytes(b"an earlier one")
    link.symlink_to(real)
    job = works.export(str(link), Exporting(marks=()))
    until(lambda: not job.active)
    assert link.is_symlink() and real.read_bytes().startswith(b"FILE")
    assert not list(tmp_path.glob("*.part"))


def test_an_engine_that_is_started_again_takes_nothing_that_was_typed(works, docker, tmp_path):
    page = docker.exporting
    works.sign(Artist(creator="stored"))
    docker.open("export")
    page.claim.fields["creator"].setText("typed")
    page.path.setText(str(tmp_path / "mine.jpeg"))
    page.format_menu.setCurrentIndex(page.format_menu.findData("jpeg"))
    page.quality.setValue(77)
    page.size_menu.setCurrentIndex(1)
    page.marks.boxes["receipt"].setChecked(True)
    page.marks.switches["sidecar"].setChecked(True)
    listed = works.catalogue
    works.start_engine()
    until(lambda: works.engine.condition.name == "ready" and works.catalogue is not listed)
    how = page.how()
    assert page.claim.fields["creator"].text() == "typed"
    assert page.path.text() == str(tmp_path / "mine.jpeg")
    assert (how.format, how.quality, how.longest) == ("jpeg", 77, 1024)
    assert how.marks == ("receipt",) and how.sidecar


def test_the_copy_keeps_to_itself_what_is_private_unless_it_is_switched_on(works, docker, tmp_path):
    docker.open("export")
    page, path = docker.exporting, str(tmp_path / "copy.png")
    assert page.marks.private.isVisibleTo(page) and not page.how().keep_private
    page.marks.private.setChecked(True)
    job = works.export(path, page.how())
    assert job.order.ask.intent.export.keep_private
    page.shown()
    assert page.how().keep_private, "it is the document's choice now"


def test_the_list_of_a_first_engine_brings_the_document_s_own_choice(fresh_krita, painting):
    doc, _node = painting
    settings.write_exporting(doc, Exporting(format="jpeg", quality=71, marks=("receipt",)))
    made = studio.Studio()
    page = ExportPage(made, lambda name: None)
    assert page.format_menu.count() == 0
    assert not page.marks.more.isWindow() and page.marks.more.isHidden(), (
        "no window of its own to begin with"
    )
    made.start_engine()
    until(lambda: made.engine.condition.name == "ready" and page.format_menu.count())
    assert page.how().format == "jpeg" and page.how().marks == ("receipt",)
    made.close()
    page.deleteLater()


def test_the_document_does_not_tell_where_its_owner_keeps_things(fresh_krita, painting, tmp_path):
    doc, _node = painting
    settings.write_exporting(doc, Exporting(format="jpeg", folder=str(tmp_path)))
    stored = bytes(doc.annotation(settings.ANNOTATION)).decode()
    assert json.loads(stored)["format"] == "jpeg" and str(tmp_path) not in stored
    assert settings.read_exporting(doc).folder == str(tmp_path), "the artist's own settings know"
    old = json.dumps({"format": "jpeg", "folder": "/somebody/else"}).encode()
    doc.setAnnotation(settings.ANNOTATION, "Glassine", old)
    assert settings.read_exporting(doc) == Exporting(format="jpeg", folder=str(tmp_path))


def test_a_bug_report_names_no_file(works, docker, tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    copy = str(tmp_path / "commission for Ben.png")
    works.jobs.all.append(Job(file_order(copy), None, State.FAILED))
    works.complain(f"{copy}: No space left on device")
    assert "Ben" not in works.details() and "No space left on device" in works.details()
    page = docker.exporting
    page.path.setText(str(tmp_path / "gone for ever" / "x.png"))
    page.save.click()
    assert "gone for ever" in works.trouble and "gone" not in works.details()
    failed = cause_of(FileNotFoundError(2, "No such file", str(tmp_path / "for Ben.png")))
    works.jobs.all[0].why = message("file_not_read", path="x", reason=failed)
    assert "FileNotFoundError: [Errno 2] No such file" in works.details()
    assert "FileNotFoundError" not in texts.in_words(works.jobs.all[0].why)
    works.complain("FileNotFoundError: '/home/anna/Ben/a b.png'")
    assert "Ben" not in works.details() and "a b" not in works.details()
    works.installer._lines.append("ERROR: no matching distribution")
    assert "no matching distribution" in works.details(), "as the sentence about it promises"


@pytest.mark.parametrize(
    ("told", "left"),
    [
        ("no folder “/srv/a b/c”. Choose", "no folder “…”. Choose"),
        ("in C:/Users/anna/x.kra: gone", "in …: gone"),
        (
            'File "/home/anna/.local/glassine/run.py", line 3',
            'File "~/.local/glassine/run.py", line 3',
        ),
        ("https://pypi.org/simple and 3/4 of n/a", "https://pypi.org/simple and 3/4 of n/a"),
        ("/opt/bin/python -I", "/opt/bin/python -I"),
        ("piece.kra is open", "… is open"),
    ],
)
def test_paths_are_left_out_where_they_are_not_programs(told, left, monkeypatch):
    monkeypatch.setenv("HOME", "/home/anna")
    monkeypatch.setenv("USERPROFILE", "/home/anna")
    assert redaction.redacted(told, ["/art/piece.kra", "", "/art/a"]) == left


def test_what_a_job_says_is_in_the_artist_s_language(works, painting, language):
    names = ("purifier.site_x", "purifier.half")
    trials = tuple(Trial(Message(name), left) for name, left in zip(names, (0.1, 0.2), strict=True))
    words = texts.in_words(jobview.worst_trials(trials))
    assert "Upload" not in words and "Half" not in words and "X (Twitter)" in words
    assert "10%" in words and "preview" not in entry_says("sites", "deviantart")


def test_a_kept_result_ends_in_one_full_stop(works, painting):
    order = Order(Kind.APPLY, "x", Protect(intent()))
    row = jobview.JobRow(works, Job(order, None, State.KEPT, Message("not_written")))
    row.draw()
    assert row.says.text().endswith(".") and not row.says.text().endswith("..")
    row.deleteLater()


def test_names_are_shown_as_they_are(works, painting):
    why = message("twice_layer", layer="<b>ink</b>")
    order = Order(Kind.APPLY, "<b>ink</b>", Protect(intent()))
    row = jobview.JobRow(works, Job(order, None, State.FAILED, why))
    row.draw()
    for label in (row.name, row.says):
        plain = QtWidgets.QLabel("x", row)
        plain.setFont(label.font())
        plain.setText(label.text())
        plain.setTextFormat(Qt.TextFormat.PlainText)
        label.setWordWrap(False)
        assert "<b>" in label.text() and label.sizeHint() == plain.sizeHint()
    row.deleteLater()


def test_a_tip_shows_a_name_as_it_is(app):
    name = "<b>ink</b> & " + "a long name " * 20
    label = parts.Elided(name)
    label.resize(100, 20)
    assert label.text() != name
    shown = QtGui.QTextDocument()
    shown.setHtml(label.toolTip())
    assert shown.toPlainText().strip() == name.strip()


def test_a_long_name_does_not_widen_the_docker(works, painting, app):
    why = f"/home/ada/{'Summer_of_dragons_' * 6}.png: No space left on device"
    made = GlassineDocker()
    made.resize(44 * made.fontMetrics().averageCharWidth(), 1200)
    made.show()
    app.processEvents()
    wide, page = made.minimumSizeHint().width(), made.main.width()
    works.complain(why)
    told = message("file_not_written", path=why, reason="No space left on device")
    works.jobs.all.append(Job(file_order("copy.png"), None, State.FAILED, told))
    works.jobs.changed.emit()
    app.processEvents()
    assert made.trouble.isVisible() and made.main.jobs.isVisible()
    assert made.minimumSizeHint().width() <= max(wide, made.width()) and made.main.width() <= page
    made.deleteLater()


@pytest.mark.parametrize("spoken", ["en", "de"])
def test_no_button_is_cut_off_in_a_narrow_docker(works, painting, app, monkeypatch, spoken):
    """Some 300 pixels wide; in Japanese the tests' machines have no letters to measure."""
    monkeypatch.setenv("GLASSINE_LANGUAGE", spoken)
    texts.language.cache_clear()
    job = Job(file_order("copy.png"), take_picture(painting[0], "picture")[0], State.DONE)
    made = FileMade(width=1, height=1, caption="a picture of a dog")
    job.outcome = Outcome(made, b"<!doctype html>")
    works.jobs.all += [job, Job(Order(Kind.APPLY, "x", Protect(intent())), None, State.ASKING)]
    try:
        made = GlassineDocker()
        made.resize(44 * made.fontMetrics().averageCharWidth(), 1200)
        made.show()
        made.open("main")
        works.jobs.changed.emit()
        app.processEvents()
        seen = [one for one in made.findChildren(QtWidgets.QPushButton) if one.isVisible()]
        cut = [
            one.text()
            for one in seen
            if one.fontMetrics().boundingRect(one.text()).width() > one.width()
        ]
        assert len(seen) > 12 and not cut
        made.deleteLater()
    finally:
        texts.language.cache_clear()


def test_each_format_s_size_and_effect_stand_in_the_list_once_measured(
    docker, works, tmp_path, fresh_krita
):
    page = docker.exporting

    def listed():
        return [page.format_menu.itemText(at) for at in range(page.format_menu.count())]

    assert listed() == ["PNG", "JPEG"]
    assert page.weighed.text() == texts.t("formats_unmeasured")
    works.export(str(tmp_path / "copy.png"), Exporting())
    job = ended(works)
    assert job.state is State.DONE, job.why
    assert listed() == [
        texts.t("format_keeps", format="PNG", size=717.0, left=1.0),
        texts.t("format_keeps", format="JPEG", size=310.4, left=0.87),
    ]
    assert page.weighed.text() == texts.t("formats_measured")
    works.jobs.forget(job)
    assert len(set(listed())) == 2 and "87%" in listed()[1], "the row is gone, the figures stay"
    opened(fresh_krita, pattern(9, 4, 8, 8), width=8, height=8)
    works.look()
    until(lambda: listed() == ["PNG", "JPEG"])
    assert page.weighed.text() == texts.t("formats_unmeasured"), "another picture"


def test_a_format_that_keeps_an_unknown_share_is_said_by_its_size():
    assert measured_formats(FileMade(format="png")) == {}, "a lossy copy has no offers"
    unknown = FileMade(format="png", offers=(Offer("webp", 95, 20, None),))
    assert measured_formats(unknown) == {"png": (0, 1.0), "webp": (20, None)}


def test_a_file_that_was_made_is_told_in_four_sentences_before_its_doubt(works, painting, tmp_path):
    made = GlassineDocker()
    works.export(str(tmp_path / "copy.png"), Exporting())
    job = ended(works)
    lines = made.main.jobs._rows[id(job)].says.text().splitlines()
    assert lines[:4] == [f"A sentence about {one}." for one in ("people", "models", "away", "next")]
    assert lines[4:] and "A doubt." in lines[4]
    made.deleteLater()
