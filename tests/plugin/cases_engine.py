"""The engine's process: started, greeted, refused, stopped, asked for its processor."""

import os
import sys

import pytest
from bench import (
    FAKE,
    app,
    fresh_krita,
    painting,
    until,
    works,
)
from glassine_krita.docker import GlassineDocker
from glassine_krita.engine import catalogue, environment, process
from glassine_krita.engine.asks import Estimate
from glassine_krita.engine.catalogue import Row
from glassine_krita.engine.frames import pack
from glassine_krita.qt import QtCore
from glassine_krita.studio import settings, studio
from glassine_krita.words import texts
from waiting import PATIENCE

__all__ = ["app", "fresh_krita", "painting", "works"]


def test_the_catalogue_keeps_unknown_kinds_and_drops_what_is_no_list():
    made = catalogue.read_catalogue({"new": [{"name": "x"}], "number": 3, "bad": [1, {}]})
    assert made.of("new") == (Row("x"),) and made.of("number") == () and made.of("bad") == ()
    assert catalogue.entry_says("styles", "gone") == "gone"


def test_the_child_s_environment_is_clean(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", "/krita")
    monkeypatch.setenv("PYTHONHOME", "/krita")
    monkeypatch.setenv("LD_LIBRARY_PATH", "/own")
    env = environment.clean_environment()
    assert not env.contains("PYTHONPATH") and not env.contains("PYTHONHOME")
    assert env.contains("LD_LIBRARY_PATH"), "outside a bundle it is the artist's own"
    monkeypatch.setenv("APPIMAGE", "/x.AppImage")
    assert not environment.clean_environment().contains("LD_LIBRARY_PATH")


@pytest.mark.parametrize("words", [(), ("/nowhere/python",), (sys.executable, "-c", "raise 1")])
def test_an_engine_that_does_not_start_is_said_in_one_line(fresh_krita, words):
    made = process.Engine()
    made.start(words)
    until(lambda: made.condition.name in ("absent", "broken"))
    expected = {0: None, 1: "engine_not_started", 3: "engine_no_hello"}[len(words)]
    said = made.condition.says
    assert (said and said.code) == expected and (said is None or expected in texts.table())


def test_another_protocol_is_refused(fresh_krita, monkeypatch):
    monkeypatch.setenv("FAKE_PROTOCOL", "1")
    made = process.Engine()
    made.start((sys.executable, str(FAKE)))
    until(lambda: made.condition.name == "broken")
    assert "do not understand each other" in texts.in_words(made.condition.says)


def test_the_engine_ends_when_its_stdin_closes(fresh_krita, monkeypatch):
    made = process.Engine()
    made.start((sys.executable, str(FAKE)))
    until(lambda: made.condition.name == "ready")
    child = made._process
    monkeypatch.setattr(process, "GRACE", round(1000 * PATIENCE))
    made.stop()
    assert child.state() == QtCore.QProcess.ProcessState.NotRunning
    assert child.exitCode() == 0


def test_an_engine_that_was_stopped_says_so_and_answers_nobody_late(works, painting):
    made, told = GlassineDocker(), []
    works.engine.stop()
    assert made.status.says.whole() == "Engine not running"
    assert made.status.act.text() == "Restart" and made.status.act.isVisibleTo(made)
    works.requests.send(Estimate(1, 1, "cloak"), told.append)
    assert not told, "the caller does not know the number yet"
    until(lambda: told)
    assert (told[0].kind, told[0].says.code) == ("lost", "engine_ended")
    made.deleteLater()


def test_an_engine_that_never_greets_is_explained(fresh_krita, painting, monkeypatch):
    monkeypatch.setenv("GLASSINE_ENGINE", "/bin/cat")
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


def on(works, kind):
    """Once the engine is ready there."""
    ready = lambda: works.engine.condition.name == "ready"  # noqa: E731
    until(lambda: ready() and works.engine.condition.hello.device.kind == kind)


def test_the_processor_can_be_asked_for_instead_of_the_card(fresh_krita, painting, monkeypatch):
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
    assert page.device.currentData() == "cpu" and settings.read_text("device") == "cpu"
    before = works.engine.process_id
    os.kill(before, 9)
    until(lambda: works.engine.process_id not in (0, before))
    on(works, "cpu")
    works.choose(style="slow")
    job = works.apply()
    until(lambda: job.progress.fraction)
    assert not page.device.isEnabled(), "the job would be lost"
    works.jobs.cancel(job)
    assert page.device.isEnabled()
    page.device.activated.emit(0)
    on(works, "cuda")
    works.close()
    made.deleteLater()


def test_without_a_card_nobody_is_asked_where_to_compute(works):
    made = GlassineDocker()
    assert not made.setup.device_row.isVisibleTo(made.setup)
    made.deleteLater()


def test_frames_stay_in_order_where_krita_looks_at_its_events_within_one(app):
    """A part that overtakes its announcement would be taken for garbage, and the engine stopped."""
    waiting = [b"".join(pack({"id": n}) for n in (1, 2)), pack({"id": 3})]

    class Process:
        def readAllStandardOutput(self):
            return QtCore.QByteArray(waiting.pop(0))

    seen, engine = [], process.Engine()
    engine._process = Process()

    def slot(body, blob):
        seen.append(body["id"])
        if body["id"] == 1:
            engine._read()

    engine.frame.connect(slot)
    engine._read()
    assert seen == [1, 2, 3]
    engine._process = None
