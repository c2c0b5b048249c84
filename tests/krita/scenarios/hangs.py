"""An engine that hangs is told of, can be started again, and what was said of it goes with it."""

import os
import signal

from glassine_krita.studio.job import State
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from steps import colours, docker, document, finished, studio, turns, until


def scenario(k):
    studio_ = yield from studio()
    studio_.engine._heart.setInterval(60)
    doc, node = yield from document(colours())
    panel = docker()
    studio_.choose(style="slow")
    job = studio_.apply()
    yield until(lambda: job.state == State.RUNNING and job.progress.fraction > 0)
    yield turns(80)
    k.check("at work for long is not hanging", studio_.engine.condition.name == "ready")
    first = studio_.engine.process_id
    os.kill(first, signal.SIGSTOP)
    yield until(lambda: studio_.engine.condition.name == "silent")
    row = panel.main.jobs._rows[id(job)]
    k.check(
        "frozen: not answering, and no time left is promised",
        "not answering" in panel.status.says.whole() and "left" not in row.says.text(),
        says=panel.status.says.whole(),
        job=row.says.text(),
    )
    k.check("a restart is offered", panel.status.act.isVisible())
    os.kill(first, signal.SIGCONT)
    yield until(lambda: studio_.engine.condition.name == "ready")
    k.check("thawed, it is ready as before", not panel.status.act.isVisible())
    os.kill(first, signal.SIGSTOP)
    studio_.jobs.cancel(job)
    studio_.choose(style="plain")
    after = studio_.apply()
    yield until(lambda: studio_.engine.condition.name == "silent")
    k.check("after a cancel too", panel.status.act.isVisible(), state=after.state)
    QTest.mouseClick(panel.status.act, Qt.LeftButton)
    yield until(lambda: studio_.engine.condition.name == "ready")
    k.check("another one runs", studio_.engine.process_id not in (0, first))
    again = yield from finished(studio_.apply())
    k.check("and works", again.state == State.DONE, why=again.why)
    studio_.engine._heart.setInterval(5000)
    studio_.choose(style="stray")
    job = studio_.apply()
    yield until(lambda: not job.active)
    said = studio_.trouble
    k.check(
        "garbage is told of in words", said and "b'" not in said and "rame" not in said, said=said
    )
    QTest.mouseClick(panel.status.act, Qt.LeftButton)
    yield until(lambda: studio_.engine.condition.name == "ready")
    k.check("an old error is gone after the restart", not studio_.trouble, trouble=studio_.trouble)
    doc.setModified(False)
