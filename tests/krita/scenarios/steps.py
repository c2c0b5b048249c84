"""Steps that the scenarios share. A step that waits is a generator: `x = yield from step(...)`."""

from krita import Krita

W, H = 96, 80
ENGINE_SECONDS = 60  # a cold engine on a busy machine; an idle one takes four


def until(condition, seconds=20):
    """Something to yield: polled until it is true."""

    def poll():
        return condition()

    poll.timeout = seconds
    return poll


def docker():
    found = next(d for d in Krita.instance().dockers() if d.objectName() == "glassine_docker")
    found.show()
    found.raise_()
    found.open("main")
    found.pages.currentWidget().verticalScrollBar().setValue(0)  # a new job scrolled to its row
    return found


def studio():
    """A studio with a ready engine and the choices of a first start, drafts only."""
    found = docker().studio
    yield until(lambda: found.engine.condition.name == "ready", ENGINE_SECONDS)
    for job in list(found.jobs.all):
        found.jobs.cancel(job)
        found.jobs.forget(job)
    found.canvas_preview.hide()
    found.complain("")
    found.choose(
        recipe="cloak",
        style="ember",
        shows="",
        teach="",
        scope="layer",
        score=70.0,
        effort="preview",
    )
    return found


def colours(width=W, height=H, seed=0, step=1):
    """Opaque BGRA with texture and flats; the same on every machine."""
    out = bytearray()
    for y in range(height):
        for x in range(width):
            v = (x * 7 + y * 13 + seed + (x * y) % 37) % 251 if x > width // 4 else 90 + seed
            out += bytes((v // step, (v * 3 + y) % 256 // step, (200 + x) % 256 // step, 255))
    return bytes(out)


def wide(pixels, pixel=None):
    """8-bit BGRA -> 16-bit BGRA, little endian, not just multiples of 257."""
    out = bytearray()
    for i, v in enumerate(pixels):
        word = 65535 if i % 4 == 3 else min(65535, v * 257 + (i % 100))
        out += word.to_bytes(2, "little")
    return bytes(out)


def document(pixels, model="RGBA", depth="U8", width=W, height=H, name="piece"):
    """A document with one paint layer of these pixels, in front."""
    app = Krita.instance()
    doc = app.createDocument(width, height, name, model, depth, "", 72.0)
    doc.setBatchmode(True)
    node = doc.createNode("paint", "paintlayer")
    node.setPixelData(pixels, 0, 0, width, height)
    doc.rootNode().addChildNode(node, None)
    app.activeWindow().addView(doc)
    yield until(
        lambda: (
            app.activeDocument() is not None
            and app.activeDocument().rootNode().uniqueId() == doc.rootNode().uniqueId()
        )
    )
    doc.waitForDone()
    yield from activated(doc, node)
    doc.setModified(False)
    return doc, node


def activated(doc, node):
    """Krita changes the active layer a moment after a layer was added, and again when asked."""
    yield 0.2
    name = node.name()

    def there():
        if doc.activeNode() is not None and doc.activeNode().name() == name:
            return True
        doc.setActiveNode(node)
        return False

    yield until(there)


def finished(job, seconds=60):
    """Waits for the end of a job."""
    assert job is not None, "the studio refused the job"
    yield until(lambda: not job.active, seconds)
    return job


def names(doc):
    return [n.name() for n in doc.topLevelNodes()]


def pixels(node, width=W, height=H, pixel=4):
    data = bytes(node.pixelData(0, 0, width, height))
    assert len(data) == width * height * pixel, len(data)
    return data


def layer(doc, text):
    return next(n for n in doc.topLevelNodes() if text in n.name())
