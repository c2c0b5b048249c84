"""Last in a run: with a job under way Krita asks once before it quits, preview on the canvas or not."""

from glassine_krita.studio.job import State
from krita import Krita
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QMessageBox, QPushButton
from steps import colours, document, studio, turns, until


def answered(button, asked):
    """Presses that button of the question, when it has come."""

    def look():
        for box in QApplication.topLevelWidgets():
            if isinstance(box, QMessageBox) and box.objectName() == "glassine_quit":
                asked.append(box.text())
                box.findChild(QPushButton, f"glassine_{button}").click()
                return
        QTimer.singleShot(50, look)

    QTimer.singleShot(50, look)


def scenario(k):
    k.expected_dialogs = ["Glassine"]
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    studio_.show_on_canvas(True)
    yield until(lambda: studio_.canvas_preview.tab.on)
    studio_.choose(effort="full")
    job = studio_.apply()
    yield until(lambda: job.state in (State.RUNNING, State.DONE))
    window, asked = Krita.instance().activeWindow().qwindow(), []
    answered("quit_stay", asked)
    window.close()
    yield until(lambda: asked)
    yield turns(20)
    k.check("stayed: Krita is there, and the job", window.isVisible() and job.state != State.FAILED)
    k.check("left like this", studio_.canvas_preview.on)
    answered("quit_now", asked)
    k.note("asked", text=asked[0])
