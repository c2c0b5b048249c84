"""Krita converts a large document, and looks at its events while it does: no preview reads it then.

5.1.5 ends where it is cloned meanwhile.
"""

from krita import Krita
from steps import document, studio, until

try:
    from PyQt6.QtCore import QTimer
except ImportError:
    from PyQt5.QtCore import QTimer

SIDE = 2500  # pixels; the conversion takes longer than Krita waits without looking at its events


def scenario(k):
    from glassine_krita.canvas.spaces import SRGB

    studio_ = yield from studio()
    k.expected_dialogs = ["Waiting for image operation"]
    ink = bytes(range(250)) * (SIDE * SIDE // 25)
    doc, node = yield from document(ink, "CMYKA", "U16", SIDE, SIDE)
    yield until(lambda: studio_.preview.pictures)
    preview, waited = studio_.preview, []

    def look():
        """As when the artist comes from another document, only more often."""
        preview.clear()
        studio_._want()
        preview._begin()
        waited.append(preview._picture is None)

    timer = QTimer()
    timer.setInterval(20)
    timer.timeout.connect(look)
    timer.start()
    node.setColorSpace("RGBA", "U8", SRGB)
    timer.stop()
    k.note("looks", all=len(waited), waited=sum(waited))
    k.check("a preview waits while Krita is at work", any(waited) or not waited)
    yield until(lambda: preview.pictures)
    k.check("the preview comes when it is done", not preview.why, why=preview.why)
    k.check("Krita is there", Krita.instance().activeDocument() is not None)
    doc.setModified(False)
