"""Cancel answers within half a second, and the queue goes on."""

import time

from glassine_krita.studio.job import State
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QPushButton
from steps import colours, docker, document, finished, names, studio, until


def scenario(k):
    studio_ = yield from studio()
    doc, node = yield from document(colours(256, 256), width=256, height=256)
    studio_.choose(effort="full")
    long = studio_.apply()
    second = studio_.apply()
    studio_.choose(effort="preview")
    yield until(lambda: long.state == State.RUNNING and long.progress.fraction > 0, 60)
    k.check("the second one waits", second.state == State.WAITING)
    told = long.progress
    k.check("progress says how long it will take", told.left > 0, left=told.left, stage=told.stage)
    studio_.jobs.cancel(second)
    ended = []
    studio_.jobs.finished.connect(lambda job: ended.append((job, time.monotonic())))
    answers = []
    studio_.engine.frame.connect(
        lambda body, blob: answers.append(time.monotonic()) if body.get("cancelled") else None
    )
    row = docker().findChild(QPushButton, "glassine_cancel")
    began = time.monotonic()
    QTest.mouseClick(row, Qt.LeftButton)
    yield until(lambda: long.state == State.CANCELLED)
    yield until(lambda: answers)
    k.check(
        "cancelled within half a second, the engine included",
        answers[0] - began < 0.5,
        docker=ended[0][1] - began,
        engine=answers[0] - began,
    )
    k.check("nothing was added", names(doc)[-1] == "paint")
    small, _ = yield from document(colours())
    job = yield from finished(studio_.apply(), 90)
    k.check("the next job runs", job.state == State.DONE, why=job.why)
    doc.setModified(False)
