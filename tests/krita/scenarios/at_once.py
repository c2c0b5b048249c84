"""Protected copies without questions: one action; and a word after Krita's own export."""

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QPushButton
from steps import answering, colours, docker, document, finished, studio, turns, until


def scenario(k):
    k.expected_dialogs = [""]
    app = Krita.instance()
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    target = k.out / "work.kra"
    doc.setBatchmode(True)
    k.check("saved", doc.saveAs(str(target)))
    yield turns(20)
    for name in ("work-protected.png", "work-protected-2.png"):
        count = len(studio_.jobs.all)
        app.action("glassine_export_at_once").trigger()
        yield until(lambda count=count: len(studio_.jobs.all) > count)
        job = yield from finished(studio_.jobs.all[-1])
        k.check(f"{name}: written at once", job.state == State.DONE, why=job.why)
        k.check(f"{name}: beside the document", (k.out / name).exists(), path=job.order.path)
    k.check("a working file is nothing to remind of", not studio_.reminder.path)
    yield from krita_exports(k, studio_, doc)
    doc.setModified(False)


def krita_exports(k, studio_, doc):
    app, heard, seen = Krita.instance(), [], []
    plain = k.out / "posted.png"
    doc.setBatchmode(False)
    action = app.action("file_export_file")
    action.triggered.connect(lambda: heard.append(plain.exists()))
    timer = answering(plain, seen)
    QTimer.singleShot(0, action.trigger)
    yield until(plain.exists)
    yield turns(60)
    timer.stop()
    k.note("file_export_file", heard=heard, dialogs=seen)
    yield until(lambda: studio_.reminder.path)
    button = docker().main.findChild(QPushButton, "glassine_protect_it")
    k.check("Krita's own export is told of", button.isVisible(), path=studio_.reminder.path)
    QTest.mouseClick(button, Qt.LeftButton)
    job = yield from finished(studio_.jobs.all[-1])
    made = k.out / "posted-protected.png"
    k.check("its protected copy is made", job.state == State.DONE and made.exists(), why=job.why)
    k.check("and it is told of once", not studio_.reminder.path)
    studio_.krita_saved(str(plain))
    k.check("for each document", not studio_.reminder.path)
