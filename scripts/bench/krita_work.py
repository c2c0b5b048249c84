"""Scenario of krita.py: first preview, apply and export with the real engine."""

import time

from krita import Krita
from PyQt5.QtGui import QImage
from steps import activated, studio, until


def painting(side):
    """The example painting, scaled up: structure at every size."""
    import os

    image = QImage(os.environ["GLASSINE_PICTURE"]).convertToFormat(QImage.Format_ARGB32)
    image = image.scaled(side, side)
    pointer = image.constBits()
    pointer.setsize(image.sizeInBytes())
    return bytes(pointer)


def opened(side):
    app = Krita.instance()
    doc = app.createDocument(side, side, f"piece {side}", "RGBA", "U8", "", 300.0)
    app.activeWindow().addView(doc)
    node = doc.createNode("paint", "paintlayer")
    node.setPixelData(painting(side), 0, 0, side, side)
    doc.rootNode().addChildNode(node, None)
    yield from activated(doc, node)
    return doc


def scenario(k):
    studio_ = yield from studio()
    studio_.choose(effort="preview", style="ember")
    yield 10  # the engine loads its networks after its hello
    yield from opened(2048)
    yield 1
    began = time.perf_counter()
    studio_.watch(True)
    studio_.look()
    studio_.preview.refresh()
    studio_.preview.pictures = {}
    yield until(lambda: studio_.preview.pictures, 120)
    about = studio_.preview.about
    k.note(
        "time",
        what="first preview of 2048x2048",
        seconds=round(time.perf_counter() - began, 2),
        size=[about["width"], about["height"]],
    )
    studio_.watch(False)
    studio_.preview.clear()
    began = time.perf_counter()
    job = studio_.apply()
    told = {}
    yield until(
        lambda: told.update({job.stage: time.perf_counter() - began}) or not job.active, 1500
    )
    k.check("applied", job.state == "done", why=job.why)
    k.note(
        "time",
        what="apply to a layer of 2048x2048, draft",
        seconds=round(time.perf_counter() - began, 1),
        engine_until={stage: round(at, 1) for stage, at in told.items()},
    )
