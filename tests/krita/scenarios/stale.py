"""A copy that no longer shows what it was made from is told of, updated, hidden or replaced."""

from glassine_krita.canvas.own_layers import own_layer_ids
from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QPushButton
from steps import H, W, colours, docker, document, finished, layer, names, studio, turns, until

INK = bytes((0, 0, 255, 255))


def scenario(k):
    studio_ = yield from studio()
    studio_.choose(style="faint")
    studio_.watch(True, 23)
    yield from painted_afterwards(k, studio_)
    yield from applied_again(k, studio_)
    yield from meanwhile(k, studio_)
    yield from reopened(k, studio_)
    studio_.watch(False, 23)


def paint(doc, node, x=60, y=20, w=20, h=10):
    """What a stroke does, as far as a copy is concerned."""
    node.setPixelData(INK * (w * h), x, y, w, h)
    doc.refreshProjection()
    doc.waitForDone()


def copies(doc):
    ours = own_layer_ids(doc)
    return [n for n in doc.topLevelNodes() if n.uniqueId().toString() in ours and n.visible()]


def button(name):
    return docker().main.findChild(QPushButton, name)


def painted_afterwards(k, studio_):
    doc, node = yield from document(colours())
    yield from finished(studio_.apply())
    yield from layer(doc, "(Cloak")
    yield turns(80)
    k.check("fresh: nothing is said", not studio_.stale.rows, rows=studio_.stale.rows)
    paint(doc, node)
    yield until(lambda: studio_.stale.rows)
    yield until(lambda: button("glassine_update").isVisible())
    k.check("the docker says that the copy is out of date", len(studio_.stale.rows) == 1)
    yield until(lambda: studio_.stale.outdated)
    yield until(lambda: docker().main.compare.note)
    k.check("so is its own preview", True)
    QTest.mouseClick(button("glassine_update"), Qt.LeftButton)
    yield from finished(studio_.jobs.all[-1])
    yield until(lambda: not studio_.stale.rows)
    yield turns(30)
    doc.refreshProjection()
    doc.waitForDone()
    shown = bytes(doc.pixelData(65, 25, 1, 1))
    k.check("updated, the stroke shows", shown[2] > 200 and shown[0] < 60, got=list(shown))
    k.check("in one copy", len(copies(doc)) == 1, names=names(doc))
    paint(doc, node, y=40)
    yield until(lambda: button("glassine_hide").isVisible())
    QTest.mouseClick(button("glassine_hide"), Qt.LeftButton)
    yield until(lambda: not copies(doc) and not studio_.stale.rows)
    doc.refreshProjection()
    doc.waitForDone()
    k.check("hidden, the painting shows", bytes(doc.pixelData(65, 45, 1, 1)) == INK)
    doc.setModified(False)
    doc.close()


def applied_again(k, studio_):
    """At another strength: in the place of the first copy, not under it."""
    doc, node = yield from document(colours())
    yield from finished(studio_.apply())
    yield from layer(doc, "(Cloak")
    yield turns(80)
    was = bytes(doc.pixelData(0, 0, W, H))
    studio_.choose(score=52.0)
    job = yield from finished(studio_.apply())
    k.check("again: done", job.state == State.DONE, why=job.why)
    yield turns(80)
    doc.refreshProjection()
    doc.waitForDone()
    now = bytes(doc.pixelData(0, 0, W, H))
    moved = sum(a != b for a, b in zip(was, now))
    k.check("what shows is the second one", moved > 1000, moved=moved)
    k.check("and there is one", len(copies(doc)) == 1, names=names(doc))
    Krita.instance().action("edit_undo").trigger()
    yield turns(60)
    doc.waitForDone()
    k.check("undone, one copy at most shows", len(copies(doc)) <= 1, names=names(doc))
    studio_.choose(score=70.0)
    doc.setModified(False)
    doc.close()


def crop(doc, node):
    doc.crop(10, 10, 60, 50)


def scale(doc, node):
    doc.scaleImage(W * 2, H * 2, 72, 72, "Bilinear")


def rotate(doc, node):
    doc.rotateImage(1.5708)


def move(doc, node):
    node.move(7, 5)


def stroke(doc, node):
    paint(doc, node)


def meanwhile(k, studio_):
    """What is done to the layer or the image while a job runs."""
    for change in (move, stroke, crop, scale, rotate):
        name = change.__name__
        doc, node = yield from document(colours())
        job = studio_.apply()
        change(doc, node)
        doc.waitForDone()
        yield turns(10)
        yield from finished(job)
        yield turns(40)
        made = copies(doc)
        if change is move:
            k.check("moved: carried along", job.state == State.DONE and made, why=job.why)
            b, s = made[0].bounds(), node.bounds()
            k.check("moved: it lies on its layer", b.getRect() == s.getRect(), got=b.getRect())
            yield turns(60)
            k.check("moved: and is not out of date", not studio_.stale.rows)
        elif change is stroke:
            k.check("painted: added", job.state == State.DONE and made, why=job.why)
            yield until(lambda: studio_.stale.rows)
            k.check("painted: and said to be out of date at once", True)
        else:
            k.check(f"{name}: not put at old places", not made, names=names(doc))
            k.check(f"{name}: kept, and said why", job.state == State.KEPT, why=job.why)
        studio_.jobs.forget(job)
        doc.setModified(False)
        doc.close()


def reopened(k, studio_):
    """A copy that stood in place of its original is deleted in another session."""
    app = Krita.instance()
    soft = bytearray(colours())
    soft[3::4] = bytes([150]) * (W * H)
    doc, node = yield from document(bytes(soft))
    yield from finished(studio_.apply())
    yield from layer(doc, "(Cloak")
    yield until(lambda: not node.visible())
    target = k.out / "soft.kra"
    doc.setBatchmode(True)
    k.check("saved", doc.saveAs(str(target)))
    doc.close()
    yield until(lambda: not app.documents())
    from glassine_krita.canvas.hidden_originals import HiddenOriginals

    HiddenOriginals.pairs.clear()  # as after a start of Krita
    doc = app.openDocument(str(target))
    app.activeWindow().addView(doc)
    yield until(lambda: app.activeDocument() is not None and copies(doc))
    yield turns(60)
    k.check("reopened: the original is still hidden", not doc.nodeByName("paint").visible())
    copies(doc)[0].remove()
    doc.waitForDone()
    yield until(lambda: doc.nodeByName("paint").visible())
    k.check("without its copy the original shows again", True)
    doc.setModified(False)
    doc.close()
