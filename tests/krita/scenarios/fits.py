"""At Krita's default layout the docker shows what matters; the wheel changes nothing by accident.

First in its run: it looks at where a first start puts the docker.
"""

import os

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import QPoint, QPointF, Qt
from PyQt5.QtGui import QWheelEvent
from PyQt5.QtWidgets import (
    QAbstractSlider,
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLabel,
    QProgressBar,
    QPushButton,
    QScrollBar,
)
from steps import colours, docker, document, finished, row_of, studio, turns, until, whole

LONG = "The file could not be written because the disk is full. Free some space. " * 4
SMALL, LARGE = (1280, 800), (1600, 1000)
FIELDS = (QAbstractSlider, QAbstractSpinBox, QComboBox)


def cut(panel, names):
    """Of these widgets, those that are not whole, with what of them is."""
    rows = {name: widget for name, widget in names.items() if not whole(widget)}
    return {n: (w.isVisible(), w.visibleRegion().boundingRect().getRect()) for n, w in rows.items()}


def roll(widget):
    at, none = QPointF(widget.rect().center()), QPoint()
    turned = QWheelEvent(
        at,
        QPointF(widget.mapToGlobal(at.toPoint())),
        none,
        QPoint(0, -120),
        Qt.NoButton,
        Qt.NoModifier,
        Qt.NoScrollPhase,
        False,
    )
    QApplication.sendEvent(widget, turned)


def state_of(field):
    return field.currentIndex() if isinstance(field, QComboBox) else field.value()


def scenario(k):
    app = Krita.instance()
    panel = next(d for d in app.dockers() if d.objectName() == "glassine_docker")
    layers = next(d for d in app.dockers() if d.objectName() == "KisLayerBox")
    window = app.activeWindow().qwindow()
    beside = [d.objectName() for d in window.tabifiedDockWidgets(panel)]
    k.check("a first start tabs it with the layers", "KisLayerBox" in beside, beside=beside)
    k.check("and it is in front", panel.visibleRegion().boundingRect().height() > 0)
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    studio_.watch(True)
    for size in (LARGE, SMALL):
        window.setGeometry(0, 0, *size)
        yield turns(60)
        yield from everything_fits(k, panel, studio_, size)
    yield from wheels(k, panel, studio_)
    yield from told(k, panel, studio_)
    yield from newcomer(k, panel, studio_)
    layers.raise_()
    panel.raise_()
    doc.setModified(False)


def everything_fits(k, panel, studio_, size):
    page = panel.main
    docker()
    yield until(lambda: studio_.preview.pictures)
    first = {"preview": page.compare, "apply": page.apply, "export": page.export}
    yield turns(10)
    k.check(f"{size}: preview, apply and export", not cut(panel, first), cut=cut(panel, first))
    k.check(f"{size}: the preview can be looked at", page.compare.height() >= 100)
    studio_.choose(style="slow")
    job = studio_.apply()
    yield until(lambda: job.state == State.RUNNING)
    studio_.complain(LONG)
    yield turns(30)
    row = page.jobs.findChild(QProgressBar)
    more = {
        "progress": row,
        "cancel": page.findChild(QPushButton, "glassine_cancel"),
        "error": panel.trouble,
        "close": panel.trouble.findChild(QPushButton, "glassine_dismiss"),
    }
    k.check(
        f"{size}: progress and errors too",
        not cut(panel, first | more),
        cut=cut(panel, first | more),
    )
    yield k.ask("screenshot", name=f"fits-{size[0]}")
    studio_.complain("")
    studio_.jobs.cancel(job)
    studio_.jobs.forget(job)
    studio_.choose(style="twice")
    yield from asks(k, panel, studio_, size)
    studio_.choose(style="plain")
    panel.open("export")
    yield turns(10)
    foot = {"export": panel.exporting.save}
    k.check(f"{size}: the export page's button", not cut(panel, foot), cut=cut(panel, foot))
    panel.open("main")


def asks(k, panel, studio_, size):
    """What waits for the artist's word is in sight, in the row of the newest job."""
    from glassine_krita.studio.choices import Exporting

    job = studio_.export(str(k.out / "asked.png"), Exporting(marks=()))
    yield until(lambda: job.state == State.ASKING)
    yield turns(10)
    row = row_of(job)
    buttons = {name: row.buttons[name] for name in ("as_is", "again", "close")}
    k.check(f"{size}: the question's buttons", not cut(panel, buttons), cut=cut(panel, buttons))
    studio_.jobs.forget(job)


def newcomer(k, panel, studio_):
    """From a picture in front to a protected file and a protected layer, with the mouse: three
    clicks, and nothing has to be scrolled to."""
    made = []
    for button in (panel.main.export, panel.exporting.save, panel.main.apply):
        yield until(lambda button=button: whole(button) and button.isEnabled())
        count, (x, y) = len(studio_.jobs.all), k.global_center(button)
        yield k.ask("click", x=x, y=y)
        if button is not panel.main.export:
            yield until(lambda count=count: len(studio_.jobs.all) > count)
            made.append((yield from finished(studio_.jobs.all[-1])))
    states = [job.state for job in made]
    k.check("three clicks", states == [State.DONE] * 2, states=states, why=[j.why for j in made])
    k.check("the file is there", os.path.exists(made[0].order.path), path=made[0].order.path)
    for job in made:
        studio_.jobs.forget(job)


def wheels(k, panel, studio_):
    """Each list, slider and number of every page, without the focus."""
    for page in ("main", "export", "setup"):
        panel.open(page)
        yield turns(5)
        panel.status.setFocus()
        fields = [one for kind in FIELDS for one in panel.findChildren(kind)]
        fields = [one for one in fields if not isinstance(one, QScrollBar)]
        k.check(f"{page}: there are some", len(fields) >= 8, count=len(fields))
        for one in fields:
            before = state_of(one)
            for _ in range(3):
                roll(one)
            k.check(f"{page}: the wheel leaves {one.objectName()}", state_of(one) == before)
    panel.open("main")


def told(k, panel, studio_):
    """What the docker says is a painter's language; an export's first line is where it lies."""
    from glassine_krita.studio.choices import Exporting

    target = k.out / "told.png"
    job = yield from finished(studio_.export(str(target), Exporting(marks=())))
    k.check("exported", job.state == State.DONE, why=job.why)
    yield turns(10)
    row = row_of(job)
    first = row.name.whole()
    k.check("first, where the file is", target.name in first and str(k.out) in first, first=first)
    shown = [label.text() for label in panel.findChildren(QLabel) if label.isVisible()]
    numbers = [text for text in shown if "SSIMULACRA2" in text or "of 100" in text]
    k.check("no measures among the words", not numbers, numbers=numbers)
    studio_.jobs.forget(job)
