"""Poison, clicked through: explained once, two words, a caption to copy."""

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton
from steps import colours, docker, document, finished, layer, studio, until


def scenario(k):
    Krita.instance().writeSetting("glassine", "poison_explained", "")
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    what = docker().main.what
    x, y = k.global_center(what.findChild(QPushButton, "glassine_poison"))
    yield k.ask("click", x=x, y=y)
    yield lambda: studio_.choice.recipe == "poison"
    yield until(what.explain.isVisible)
    k.check(
        "the first poison explains itself, in the docker",
        what.explain.isVisible() and not what.poison.isVisible(),
    )
    QTest.mouseClick(what.findChild(QPushButton, "glassine_understood"), Qt.LeftButton)
    yield until(what.poison.isVisible)
    k.check("once", what.poison.isVisible() and not what.explain.isVisible())
    k.check("without words it cannot start", not docker().main.apply.isEnabled())
    shows = what.findChild(QLineEdit, "glassine_shows")
    QTest.keyClicks(shows, "dog")
    teach = what.findChild(QComboBox, "glassine_teach")
    k.check(
        "concepts with pictures to choose from",
        teach.count() > 5 and not teach.itemIcon(0).isNull(),
        count=teach.count(),
    )
    teach.setCurrentIndex(teach.findText("cat"))
    yield until(docker().main.apply.isEnabled)
    copy = what.findChild(QPushButton, "glassine_copy_caption")
    yield until(copy.isEnabled)
    QTest.mouseClick(copy, Qt.LeftButton)
    copied = QApplication.clipboard().text()
    k.check("the caption is copied", copied == "a picture of a dog", got=copied)
    QTest.mouseClick(docker().main.apply, Qt.LeftButton)
    job = yield from finished(studio_.jobs.all[-1])
    k.check("done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    k.check(
        "the engine's plan asks for the same words",
        job.outcome.caption == copied,
        got=job.outcome.caption,
    )
    yield from layer(doc, "dog → cat")
    k.check(
        "the layer is named after it",
        "dog → cat" in doc.topLevelNodes()[-1].name(),
        got=doc.topLevelNodes()[-1].name(),
    )
