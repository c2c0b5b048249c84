"""The engine is killed in the middle of a job: it is started again, and the docker says so."""

import os
import signal

from glassine_krita.studio.job import State
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QPushButton
from steps import colours, docker, document, finished, studio, until


def scenario(k):
    studio_ = yield from studio()
    doc, node = yield from document(colours(256, 256), width=256, height=256)
    studio_.choose(effort="full")
    job = studio_.apply()
    yield until(lambda: job.state == State.RUNNING and job.progress.fraction > 0)
    first = studio_.engine.process_id
    os.kill(first, signal.SIGKILL)
    yield until(lambda: job.state == State.FAILED)
    k.check("the job failed, in words", "started again" in studio_.trouble, trouble=studio_.trouble)
    k.check(
        "the docker shows them",
        docker().trouble.isVisible() and docker().trouble.says.text() == studio_.trouble,
    )
    QTest.mouseClick(docker().findChild(QPushButton, "glassine_copy_details"), Qt.LeftButton)
    copied = QApplication.clipboard().text()
    k.check("they can be copied", copied.startswith(studio_.trouble) and "Krita" in copied)
    yield until(lambda: studio_.engine.condition.name == "ready")
    k.check("another engine runs", studio_.engine.process_id not in (0, first))
    studio_.choose(effort="preview")
    small, _ = yield from document(colours())
    job = yield from finished(studio_.apply())
    k.check("and works", job.state == State.DONE, why=job.why)
