"""The preview on the canvas stands where the result would: below what covers it, mixed as it is."""

from krita import Krita
from PyQt5.QtWidgets import QMdiArea
from steps import H, W, activated, colours, document, finished, studio, turns, until

BLACK = bytes((0, 0, 0, 255))


def covered(doc, node):
    """Under a black square."""
    above = doc.createNode("square", "paintlayer")
    above.setPixelData(BLACK * 1600, 20, 20, 40, 40)
    doc.rootNode().addChildNode(above, None)


def multiplied(doc, node):
    node.setBlendingMode("multiply")


def faded(doc, node):
    node.setOpacity(130)


def translucent(doc, node):
    data = bytearray(bytes(node.pixelData(0, 0, W, H)))
    data[3::4] = bytes([120]) * (W * H)
    node.setPixelData(bytes(data), 0, 0, W, H)


def in_group(doc, node):
    """A group whose mode is its own."""
    group = doc.createGroupLayer("paint")
    doc.rootNode().addChildNode(group, None)
    inner = doc.createNode("inner", "paintlayer")
    inner.setPixelData(colours(seed=4), 0, 0, W, H)
    group.addChildNode(inner, None)
    group.setBlendingMode("screen")
    node.setName("under")


def shown(doc):
    doc.refreshProjection()
    doc.waitForDone()
    return bytes(doc.pixelData(0, 0, W, H))


def scenario(k):
    studio_ = yield from studio()
    studio_.choose(style="faint", score=40.0)
    app = Krita.instance()
    for change in (covered, multiplied, faded, translucent, in_group):
        name = change.__name__
        doc, node = yield from document(colours())
        for other in doc.topLevelNodes():
            if other.uniqueId() != node.uniqueId():  # Krita's white background, here coloured
                other.setPixelData(colours(seed=77), 0, 0, W, H)
        change(doc, node)
        was = shown(doc)
        yield from activated(doc, doc.nodeByName("paint"))
        studio_.look()
        studio_.show_on_canvas(True)
        tab = studio_.canvas_preview.tab
        yield until(lambda tab=tab: tab.on or studio_.trouble)
        k.check(f"{name}: on the canvas", tab.on, trouble=studio_.trouble)
        yield turns(10)
        preview = shown(tab._copy)
        if change is covered:
            yield from named_and_undone(k, studio_, tab)
        studio_.show_on_canvas(False)
        yield until(lambda: len(app.documents()) == 1)
        yield from finished(studio_.apply())
        yield turns(80)
        result = shown(doc)
        far = [abs(a - b) for a, b in zip(preview, result)]
        moved = [abs(a - b) for a, b in zip(was, result)]
        k.check(f"{name}: the result is a change", max(moved) > 3, most=max(moved))
        k.check(f"{name}: what the canvas shows is what you get", max(far) <= 2, most=max(far))
        doc.setModified(False)
        doc.close()


def named_and_undone(k, studio_, tab):
    app = Krita.instance()
    views = app.activeWindow().qwindow().centralWidget().findChild(QMdiArea)
    titles = [one.windowTitle() for one in views.subWindowList()]
    k.check("its tab is named", "Glassine preview" in titles, titles=titles)
    tab._layer.remove()  # what an undo does, and what it leaves
    yield until(lambda: not studio_.canvas_preview.on)
    k.check("undone, it switches itself off", not tab.on)
