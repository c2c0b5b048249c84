"""Poison, clicked through: explained once, two words, a caption to copy, a campaign to take part in."""

from pathlib import Path

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import Qt, QTimer
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QComboBox, QLineEdit, QPushButton
from steps import answering, colours, docker, document, finished, layer, studio, until

DOGS = Path(__file__).resolve().parents[2] / "golden" / "dogs.campaign"


def scenario(k):
    Krita.instance().writeSetting("glassine", "poison_explained", "")
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    what = docker().main.what
    yield lambda: not docker().main.already_protected.isVisible()  # of what was in front before
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
    copied = yield from takes_part(k, studio_, what)
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
    studio_.choose(campaign="")


def takes_part(k, studio_, what):
    """In a campaign whose file was given to the artist; returns the words that it asks for."""
    rows = what.campaign
    yield until(lambda: rows.menu.count() == 2)
    changed = k.out / "changed.campaign"
    changed.write_text(DOGS.read_text("utf-8").replace('"shows": "ship"', '"shows": "shop"'))
    yield from chooses(k, rows, changed)
    yield until(lambda: studio_.trouble)
    said = "changed after it was signed" in studio_.trouble and not studio_.choice.campaign
    k.check("a changed file is refused in words", said, trouble=studio_.trouble)
    studio_.complain("")
    yield from chooses(k, rows, DOGS)
    yield until(lambda: studio_.choice.campaign == "Dogs")
    filled = (studio_.choice.shows, studio_.choice.teach, studio_.choice.score)
    k.check("a campaign fills the page", filled == ("dog", "cat", 55.0), got=filled)
    told = rows.says.text()
    k.check("it says until when, and whose", "2999-01-01" in told and "Ann" in told, told=told)
    k.check("both of its concepts", rows.pairs.count() == 2 and rows.pairs.isVisible())
    copy = what.findChild(QPushButton, "glassine_copy_caption")
    yield until(lambda: copy.isEnabled() and "by hand" in what.caption.text())
    QTest.mouseClick(copy, Qt.LeftButton)
    words = QApplication.clipboard().text()
    k.check("its own rule for captions", words == "a picture of a dog, painted by hand", got=words)
    return words


def chooses(k, rows, file):
    """The menu's last row, the law, the file in a real dialog."""
    k.expected_dialogs = [""]
    rows.menu.activated.emit(rows.menu.count() - 1)
    yield until(rows.law.isVisible)
    k.check("the law comes first", "terms of the site" in rows.law_says.text())
    timer = answering(file, [])
    QTimer.singleShot(0, rows.findChild(QPushButton, "glassine_campaign_file").click)
    yield until(lambda: not rows.law.isVisible())
    timer.stop()
