"""What is protected already is asked about, in the docker; also after saving and opening again."""

from glassine_krita.studio.job import State
from glassine_krita.words.texts import in_words
from krita import Krita
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QPushButton
from steps import activated, colours, docker, document, finished, layer, studio, until


def scenario(k):
    app = Krita.instance()
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    yield from finished(studio_.apply())
    yield from layer(doc, "(Cloak")
    target = k.out / "worked.kra"
    doc.setBatchmode(True)
    k.check("saved", doc.saveAs(str(target)))
    doc.close()
    yield until(lambda: not app.documents())
    doc = app.openDocument(str(target))
    app.activeWindow().addView(doc)
    yield until(lambda: app.activeDocument() is not None)
    yield from activated(doc, (yield from layer(doc, "(Cloak")))
    job = studio_.apply()
    k.check("its own layer is known again", job.state == State.ASKING, state=job.state, why=job.why)
    rows = docker()
    buttons = yield until(
        lambda: [b for b in rows.findChildren(QPushButton, "glassine_again") if b.isVisible()]
    )
    QTest.mouseClick(buttons[0], Qt.LeftButton)
    yield from finished(job)
    k.check("and protected again on the artist's word", job.state == State.DONE, why=job.why)
    doc.setModified(False)
    doc.close()
    copy = k.out / "posted.png"
    doc, node = yield from document(colours(seed=5))
    from glassine_krita.studio.choices import Exporting

    job = studio_.export(str(copy), Exporting(marks=("receipt",)))
    yield from finished(job)
    k.check("exported with a receipt", job.state == State.DONE, why=job.why)
    doc.setModified(False)
    doc.close()
    doc = app.openDocument(str(copy))
    app.activeWindow().addView(doc)
    yield until(lambda: app.activeDocument() is not None and app.activeDocument().activeNode())
    studio_.watch(True)
    yield until(lambda: studio_.already_protected.says)
    says = docker().main.already_protected
    k.check("the docker says so by itself", says.isVisible(), says=says.text())
    studio_.watch(False)
    job = studio_.apply()
    yield until(lambda: job.state not in (State.WAITING, State.RUNNING))
    k.check(
        "the engine knows the file",
        job.state == State.ASKING and "export" in in_words(job.why),
        why=job.why,
    )
    studio_.jobs.forget(job)
    k.check("nothing was added", len(doc.topLevelNodes()) == 1)
    doc.setModified(False)
