"""Poison of a selected part of a layer in a group with a mask: the rest stays as it is."""

from glassine_krita.studio.job import State
from krita import Krita, Selection
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QApplication, QPushButton
from steps import H, W, activated, colours, docker, document, finished, studio, turns, until


def below(node):
    return [one for child in node.childNodes() for one in (child, *below(child))]


def state(doc):
    """Every layer's pixels and places."""
    return {
        node.uniqueId().toString(): (node.type(), bytes(node.pixelData(0, 0, W, H)), node.opacity())
        for node in below(doc.rootNode())
        if node.type() != "selectionmask"
    }


def scenario(k):
    app = Krita.instance()
    app.writeSetting("glassine", "poison_explained", "yes")
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    group = doc.createGroupLayer("still life")
    doc.rootNode().addChildNode(group, None)
    apple = doc.createNode("apple", "paintlayer")
    apple.setPixelData(colours(60, 60, seed=30), 10, 10, 60, 60)
    group.addChildNode(apple, None)
    mask = doc.createFilterMask("soft", app.filter("blur"), apple)
    apple.addChildNode(mask, None)
    doc.waitForDone()
    yield from activated(doc, apple)
    chosen = Selection()
    chosen.select(20, 20, 40, 40, 255)
    doc.setSelection(chosen)
    yield until(lambda: doc.selection() is not None and doc.selection().width() == 40)
    yield turns(60)
    before, seen = state(doc), bytes(doc.pixelData(0, 0, W, H))
    studio_.choose(recipe="poison", shows="apple", teach="cat", scope="selection")
    copy = docker().main.what.findChild(QPushButton, "glassine_copy_caption")
    yield until(copy.isEnabled)
    QTest.mouseClick(copy, Qt.LeftButton)
    copied = QApplication.clipboard().text()
    k.check("the caption", copied == "a picture of an apple", got=copied)
    job = yield from finished(studio_.apply())
    k.check("done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    yield until(lambda: [one for one in below(group) if "apple → cat" in one.name()])
    doc.refreshProjection()
    doc.waitForDone()
    made = next(one for one in below(group) if "apple → cat" in one.name())
    k.check("in the same group", made.parentNode().uniqueId() == group.uniqueId())
    k.check("the row says its words", job.outcome.caption == copied, got=job.outcome.caption)
    after = state(doc)
    k.check(
        "all other layers are the same to the bit", all(after[one] == before[one] for one in before)
    )
    now = bytes(doc.pixelData(0, 0, W, H))
    moved = {
        (i % W, i // W) for i in range(W * H) if now[4 * i : 4 * i + 4] != seen[4 * i : 4 * i + 4]
    }
    inside = all(20 <= x < 60 and 20 <= y < 60 for x, y in moved)
    k.check("what changed lies in the selection", moved and inside, moved=len(moved))
    app.action("edit_undo").trigger()
    doc.waitForDone()
    yield until(lambda: state(doc) == before)
    k.check("undone, all is as it was", bytes(doc.pixelData(0, 0, W, H)) == seen)
    doc.setSelection(None)
    doc.setModified(False)
