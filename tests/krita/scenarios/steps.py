"""Steps that the scenarios share. A step that waits is a generator: `x = yield from step(...)`."""

from krita import Krita

try:
    from PyQt6.QtCore import QTimer
    from PyQt6.QtWidgets import (
        QApplication,
        QDialog,
        QFileDialog,
        QLineEdit,
        QPushButton,
        QScrollArea,
    )
except ImportError:
    from PyQt5.QtCore import QTimer
    from PyQt5.QtWidgets import (
        QApplication,
        QDialog,
        QFileDialog,
        QLineEdit,
        QPushButton,
        QScrollArea,
    )

W, H = 96, 80
AGREES = ("Save", "Open", "OK")  # buttons of dialogs


def until(condition):
    """Something to yield: polled until it is true; the driver says when that hangs."""
    return lambda: condition()


def turns(count):
    """Something to yield: so many of the driver's looks, and of Krita's event loop in between; a
    time only where nothing tells that Krita has done what it does a moment later."""
    left = iter(range(count))
    return lambda: next(left, None) is None


def docker():
    found = next(d for d in Krita.instance().dockers() if d.objectName() == "glassine_docker")
    found.show()
    found.raise_()
    found.open("main")
    for area in found.findChildren(QScrollArea):
        area.verticalScrollBar().setValue(0)
    return found


def answering(path, seen):
    """Accepts dialogs, Krita's own among them: the name of the file, then how it is written.

    seen  gets the class of each
    """

    def look():
        for one in QApplication.topLevelWidgets():
            if isinstance(one, QDialog) and one.isVisible() and one.isModal():
                seen.append(type(one).__name__)
                if isinstance(one, QFileDialog):
                    one.findChild(QLineEdit, "fileNameEdit").setText(str(path))
                for button in one.findChildren(QPushButton):
                    if button.isVisible() and button.text().replace("&", "") in AGREES:
                        button.click()
                        break

    timer = QTimer()
    timer.setInterval(200)
    timer.timeout.connect(look)
    timer.start()
    return timer


def whole(widget):
    """All of it is on screen, without scrolling to it."""
    return widget.isVisible() and widget.visibleRegion().boundingRect() == widget.rect()


def row_of(job):
    """The job's row in the docker: each job has buttons of the same names."""
    return docker().main.jobs._rows[id(job)]


def studio():
    """A studio with a ready engine and the choices of a first start, drafts only."""
    found = docker().studio
    yield until(lambda: found.engine.condition.name == "ready")
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
        campaign="",
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


def document(pixels, model="RGBA", depth="U8", width=W, height=H, name="piece", profile=""):
    """A document with one paint layer of these pixels, in front."""
    app = Krita.instance()
    doc = app.createDocument(width, height, name, model, depth, profile, 72.0)
    doc.setBatchmode(True)
    node = doc.createNode("paint", "paintlayer")
    node.setPixelData(pixels, 0, 0, width, height)
    doc.rootNode().addChildNode(node, None)
    app.activeWindow().addView(doc)
    yield from in_front(doc)
    doc.waitForDone()
    yield from activated(doc, node)
    doc.setModified(False)
    return doc, node


def in_front(doc):
    """Waits until it is the active document."""
    app, root = Krita.instance(), doc.rootNode().uniqueId()
    yield until(
        lambda: (
            app.activeDocument() is not None and app.activeDocument().rootNode().uniqueId() == root
        )
    )


def activated(doc, node):
    """Krita changes the active layer a moment after a layer was added, and again when asked: it
    has to stay."""
    name, looks = node.name(), 0

    def there():
        nonlocal looks
        if doc.activeNode() is not None and doc.activeNode().name() == name:
            looks += 1
        else:
            looks = 0
            doc.setActiveNode(node)
        return looks > 20

    yield until(there)


def finished(job):
    """Waits for the end of a job."""
    assert job is not None, "the studio refused the job"
    yield until(lambda: not job.active)
    return job


def noted(job):
    """The codes of what the docker says beside a result."""
    return {note.code for note in job.outcome.notes}


def names(doc):
    return [n.name() for n in doc.topLevelNodes()]


def pixels(node, width=W, height=H, pixel=4):
    data = bytes(node.pixelData(0, 0, width, height))
    assert len(data) == width * height * pixel, len(data)
    return data


def layer(doc, text):
    """Waits for a layer of that name, and until Krita has drawn it."""
    found = yield until(lambda: [n for n in doc.topLevelNodes() if text in n.name()])
    doc.waitForDone()
    return found[0]
