"""One undo step. A see-through layer's original is hidden under its copy, and back after undo."""

from glassine_krita.studio.job import State
from krita import Krita
from steps import H, W, colours, document, finished, layer, names, noted, pixels, studio, until


def scenario(k):
    app = Krita.instance()
    studio_ = yield from studio()
    before = bytearray(colours())
    before[3::4] = bytes(120 if x % W < 40 else 255 for x in range(W * H))
    doc, node = yield from document(bytes(before))
    job = yield from finished(studio_.apply())
    k.check("done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    made = yield from layer(doc, "(Cloak")
    yield until(lambda: not node.visible())
    k.check(
        "the original is hidden, not changed", not node.visible() and pixels(node) == bytes(before)
    )
    k.check("and the docker says why", "replaced" in noted(job), notes=noted(job))
    shown = bytes(made.pixelData(0, 0, W, H))
    k.check("alpha to the bit", shown[3::4] == bytes(before)[3::4])
    count = len(names(doc))
    app.action("edit_undo").trigger()
    doc.waitForDone()
    yield until(lambda: len(names(doc)) == count - 1)
    yield until(node.visible)
    k.check("one undo takes the layer away and shows the original again", node.visible())
    app.action("edit_redo").trigger()
    doc.waitForDone()
    yield until(lambda: len(names(doc)) == count)
    yield until(lambda: not node.visible())
    k.check("redo brings both back", True)
    doc, node = yield from document(bytes(before))
    for other in doc.topLevelNodes():  # Krita begins a document with an opaque background
        if other.uniqueId() != node.uniqueId():
            other.remove()
    doc.refreshProjection()
    doc.waitForDone()
    was = bytes(doc.pixelData(0, 0, W, H))
    studio_.choose(scope="picture")
    job = yield from finished(studio_.apply())
    k.check("a picture: done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    yield from layer(doc, "(Cloak")
    yield until(lambda: not node.visible())
    doc.waitForDone()
    now = bytes(doc.pixelData(0, 0, W, H))
    far = max(abs(a - b) for a, b in zip(now[3::4], was[3::4]))
    k.check("a see-through picture shows once", not node.visible() and far <= 1, most=far)
    app.action("edit_undo").trigger()
    doc.waitForDone()
    yield until(node.visible)
    k.check("undone, its layers show again", node.visible())
    doc.setModified(False)
