"""Faces of a layer: explained once, seen as boxes, one of two switched off, cloaked, undone."""

import os
import subprocess
from pathlib import Path

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import Qt
from PyQt5.QtTest import QTest
from PyQt5.QtWidgets import QPushButton
from steps import docker, document, finished, layer, names, studio, until

CORE = Path(__file__).resolve().parents[3] / "core"
DRAWN = CORE / "glassine" / "faces" / "drawn"
SIDE = 224
WIDE = 2 * SIDE


READ = """
import sys
from glassine.flow.read import read
from glassine.pixels.grid import to_array
for path in sys.argv[1:]:
    rgb = to_array(read(open(path, "rb").read()).rgb, 8)
    sys.stdout.buffer.write(rgb.tobytes())
"""


def portraits():
    """Two drawn faces side by side, as BGRA; read by the engine's Python: Krita asks how."""
    python = os.environ["GLASSINE_ENGINE"].split("\x1f")[0]
    files = [str(DRAWN / f"{name}.webp") for name in ("face01", "face05")]
    env = {**os.environ, "PYTHONPATH": str(CORE)}
    data = subprocess.run([python, "-c", READ, *files], capture_output=True, check=True, env=env)
    rgb, row = data.stdout, 3 * SIDE
    out = bytearray()
    for at in range(0, SIDE * row, row):
        for start in (at, SIDE * row + at):
            line = rgb[start : start + row]
            for pixel in range(0, row, 3):
                out += bytes((line[pixel + 2], line[pixel + 1], line[pixel], 255))
    return bytes(out)


def scenario(k):
    app = Krita.instance()
    app.writeSetting("glassine", "face_explained", "")
    studio_ = yield from studio()
    doc, node = yield from document(portraits(), width=WIDE, height=SIDE, name="portraits")
    what = docker().main.what
    rows = what.faces
    QTest.mouseClick(what.findChild(QPushButton, "glassine_lowkey"), Qt.LeftButton)
    yield until(rows.explain.isVisible)
    k.check("the first face explains what a cloak is worth", rows.isVisible())
    QTest.mouseClick(rows.findChild(QPushButton, "glassine_face_understood"), Qt.LeftButton)
    yield until(lambda: not rows.explain.isVisible())
    yield until(lambda: len(studio_.faces.boxes) == 2 or studio_.preview.why is not None)
    k.check("both are found", len(studio_.faces.boxes) == 2, why=studio_.preview.why)
    yield until(rows.picture.isVisible)
    lie = [box[0] // SIDE for box in studio_.faces.boxes]
    k.check("where they are", lie == [0, 1], boxes=studio_.faces.boxes)
    k.check("both are on", [one.isChecked() for one in rows.buttons] == [True, True])
    at = rows.picture.box_on_screen(studio_.faces.boxes[1]).center().toPoint()
    QTest.mouseClick(rows.picture, Qt.LeftButton, Qt.NoModifier, at)
    yield until(lambda: not rows.buttons[1].isChecked())
    k.check("a click on a box switches it off", rows.buttons[0].isChecked())
    before, there = bytes(doc.pixelData(0, 0, WIDE, SIDE)), names(doc)
    job = yield from finished(studio_.apply())
    k.check("done", job.state == State.DONE, why=job.why, trouble=studio_.trouble)
    made = yield from layer(doc, "(Face)")
    doc.refreshProjection()
    doc.waitForDone()
    now = bytes(doc.pixelData(0, 0, WIDE, SIDE))
    moved = [
        at // 4 % WIDE for at in range(0, len(now), 4) if now[at : at + 4] != before[at : at + 4]
    ]
    k.check("the face that is on has changed", bool(moved), layer=made.name())
    k.check("the other half is the same to the bit", all(x < SIDE for x in moved))
    app.action("edit_undo").trigger()
    doc.waitForDone()
    yield until(lambda: bytes(doc.pixelData(0, 0, WIDE, SIDE)) == before)
    k.check("undone, all is as it was", names(doc) == there, got=names(doc))
    studio_.choose(recipe="cloak")
    doc.setModified(False)
