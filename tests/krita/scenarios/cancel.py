"""Cancel answers within half a second, and the queue goes on.

Half a second of the engine's own processor time, which no busy machine makes longer.
"""

import os
from pathlib import Path

from glassine_krita.studio.job import State
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QPushButton
from steps import colours, docker, document, finished, names, studio, until


def worked(studio_):
    """Seconds of processor time that the engine has used."""
    stat = Path(f"/proc/{studio_.engine.process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


def scenario(k):
    studio_ = yield from studio()
    doc, node = yield from document(colours(256, 256), width=256, height=256)
    studio_.choose(effort="full")
    long = studio_.apply()
    second = studio_.apply()
    studio_.choose(effort="preview")
    yield until(lambda: long.state == State.RUNNING and long.progress.fraction > 0)
    k.check("the second one waits", second.state == State.WAITING)
    k.check(
        "progress says how long it will take",
        long.progress.left > 0,
        left=long.progress.left,
        stage=long.progress.stage,
    )
    studio_.jobs.cancel(second)
    answers = []
    studio_.engine.frame.connect(
        lambda body, blob: answers.append(worked(studio_)) if body.get("cancelled") else None
    )
    row = docker().findChild(QPushButton, "glassine_cancel")
    began = worked(studio_)
    QTest.mouseClick(row, Qt.LeftButton)
    k.check("the docker does not wait for that", long.state == State.CANCELLED, state=long.state)
    yield until(lambda: answers)
    k.check(
        "cancelled within half a second, the engine included",
        answers[0] - began < 0.5,
        engine=answers[0] - began,
    )
    k.check("nothing was added", names(doc)[-1] == "paint")
    small, _ = yield from document(colours())
    job = yield from finished(studio_.apply())
    k.check("the next job runs", job.state == State.DONE, why=job.why)
    doc.setModified(False)
