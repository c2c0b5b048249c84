"""Last in a run: with a job under way Krita asks once before it quits; stay goes on, quit ends it."""

from glassine_krita.studio.job import State
from glassine_krita.words.texts import t
from krita import Krita
from PyQt5.QtCore import QTimer
from PyQt5.QtWidgets import QApplication, QMessageBox, QPushButton
from steps import colours, document, studio, turns, until


class Asked:
    """Presses a button of every question, and remembers what was asked."""

    def __init__(self, k):
        self.k, self.button, self.texts = k, "quit_stay", []
        self.timer = QTimer()
        self.timer.setInterval(50)
        self.timer.timeout.connect(self._look)
        self.timer.start()

    def _look(self):
        for box in QApplication.topLevelWidgets():
            if isinstance(box, QMessageBox) and box.isVisible():
                self.texts.append(box.text())
                box.findChild(QPushButton, f"glassine_{self.button}").click()


def scenario(k):
    k.expected_dialogs = [t("quit_asks", count=1)]
    studio_ = yield from studio()
    doc, node = yield from document(colours())
    studio_.show_on_canvas(True)
    yield until(lambda: studio_.canvas_preview.tab.on)
    studio_.choose(style="slow")
    job = studio_.apply()
    yield until(lambda: job.state == State.RUNNING)
    asked = Asked(k)
    ways = {
        "the window is closed": Krita.instance().activeWindow().qwindow().close,
        "File, Quit": Krita.instance().action("file_quit").trigger,
    }
    for name, quit_ in ways.items():
        asked.texts.clear()
        QTimer.singleShot(0, quit_)  # outside of this step: a question has its own event loop
        yield until(lambda: asked.texts)
        yield turns(60)
        k.check(f"{name}: asked once", len(asked.texts) == 1, asked=asked.texts)
        all_there(k, name, studio_, doc, job)
    asked.button = "quit_now"
    asked.texts.clear()
    QApplication.instance().aboutToQuit.connect(lambda: told(k, asked, studio_))
    QTimer.singleShot(0, ways["the window is closed"])
    yield lambda: False  # Krita ends meanwhile


def all_there(k, name, studio_, doc, job):
    """Who stays has lost nothing."""
    app = Krita.instance()
    k.check(f"{name}: Krita is there", app.activeWindow().qwindow().isVisible())
    k.check(f"{name}: so is the document", doc in app.documents(), all=app.documents())
    k.check(f"{name}: the job goes on", job.state == State.RUNNING, state=job.state)
    k.check(f"{name}: on the same engine", studio_.engine.condition.name == "ready")
    k.check(f"{name}: with the preview", studio_.canvas_preview.tab.on)


def told(k, asked, studio_):
    """At the very end; that no engine is left is seen from outside."""
    ok = len(asked.texts) == 1 and studio_.engine.process_id == 0
    error = None if ok else f"asked {asked.texts}, engine {studio_.engine.process_id}"
    k.emit("verdict", name="quits_with_preview", ok=ok, error=error, seconds=0)
    k.emit("end", ok=True, error=None)
