"""What the docker shows, without widgets: one studio for all windows of this Krita."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..canvas import layers
from ..canvas.layers import Place, Refused
from ..canvas.results import Hidden
from ..canvas.viewport import visible
from ..engine.catalogue import Catalogue, catalogue
from ..engine.process import Engine
from ..engine.requests import ENDED, Outcome, Requests
from ..install import installed
from ..qt import QtCore, Signal
from ..words.redaction import without
from ..words.texts import t
from . import orders, settings
from .already_protected import Known
from .canvas_preview import OnCanvas
from .estimate import Estimate
from .jobs import Job, Jobs
from .preview import Preview
from .settings import Artist, Choice, Exporting

SOON, LOOK = 60, 400  # milliseconds between looks at what Krita does not signal


class Studio(QtCore.QObject):
    """Everything the docker draws. Nothing in here raises for a missing document or engine."""

    engine_changed = Signal()
    document_changed = Signal()
    choice_changed = Signal()
    estimate_changed = Signal()

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.engine = Engine(self)
        self.requests = Requests(self.engine, self)
        self.jobs = Jobs(self.requests, self)
        self.preview = Preview(self.requests, self)
        self.installer = installed.Installer(self)
        self.on_canvas = OnCanvas(self.requests, self)
        self.known = Known(self.requests, self)
        self.catalogue = Catalogue()
        self.choice = settings.read(Choice)
        self.artist = settings.read(Artist)
        self.trouble = ""  # the last thing that went wrong, in words
        self._watchers: set[int] = set()
        self._seen: Any = None
        self._region: tuple[str, Place] | None = None
        self._estimate = Estimate(self.requests, self)
        self._estimate.changed.connect(self.estimate_changed)
        self.engine.changed.connect(self._engine_changed)
        self.engine.lost.connect(self._engine_lost)
        self.jobs.finished.connect(self._job_finished)
        self.jobs.changed.connect(self._jobs_changed)
        self.installer.ended.connect(self._installed)
        self.on_canvas.failed.connect(self.complain)
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    # engine

    def start_engine(self) -> None:
        command = settings.engine_command(installed.command())
        self.engine.start(command, settings.word("device"))

    def compute_on(self, device: str) -> None:
        """The engine starts anew on the processor ("cpu") or on the fastest there is ("")."""
        if device != settings.word("device"):
            settings.remember("device", device)
            self.start_engine()

    def close(self) -> None:
        """Krita quits: the preview goes, the engine ends with its stdin."""
        self._timer.stop()
        self.on_canvas.hide()
        self.preview.clear()
        self.installer.cancel()
        for job in self.jobs.all:
            job.release()
        self.engine.close()

    def _engine_changed(self) -> None:
        condition = self.engine.condition
        ready = condition.name == "ready"
        self.known.forget()
        if ready:
            self.catalogue = catalogue(condition.hello.get("catalogue", {}))
            self.requests.send("warm", {}, self._warm)
            if self.trouble == t("engine_slow"):
                self.trouble = ""
        elif condition.says:
            self.complain(t("engine_" + condition.says, default=condition.says))
        self.jobs.ready = ready
        self._jobs_changed()
        self.engine_changed.emit()
        self.jobs.next()

    def _warm(self, outcome: Outcome) -> None:
        if outcome.kind == "error":
            self.complain(outcome.says)
        self._estimate.forget()
        self._estimate.want(self.document, self.choice)
        self.preview.resume()

    def _engine_lost(self) -> None:
        self._estimate.forget()
        if self.engine.condition.name == "starting":
            self.complain(t("engine_lost"))

    def _installed(self, why: str) -> None:
        """However it ended: the engine that is there now runs again, if it still can."""
        if not self._timer.isActive():
            return  # Krita is closing
        self.start_engine()
        if why not in ("", installed.CANCELLED):
            self.complain(t(why))
        self.engine_changed.emit()

    # what is in front of the artist

    @property
    def document(self) -> Any:
        """The artist's document; when the preview on the canvas is in front, the one it shows."""
        doc = layers.active()
        if doc is not None and self.on_canvas.shown.is_copy(doc):
            return self.on_canvas.document
        return doc

    def look_soon(self) -> None:
        if self._timer.isActive():
            QtCore.QTimer.singleShot(SOON, self.look)

    def look(self) -> None:
        """Follows what Krita has no signal for: documents, layers, selections, the view, undo."""
        if not self._timer.isActive():
            return  # Krita is closing
        Hidden.look()
        self.on_canvas.look()
        doc = self.document
        if self.watching and not self.preview.busy:
            self.known.look(doc)
        seen = self._sight(doc)
        if seen == self._seen:
            return
        self._seen = seen
        self.document_changed.emit()
        self._want()
        self._estimate.want(doc, self.choice)

    def _sight(self, doc: Any) -> Any:
        if doc is None:
            return None
        node, chosen = layers.active_layer(doc), layers.selection(doc)
        name = None if node is None else (node.uniqueId().toString(), node.name())
        bounds = None if node is None else node.bounds().getRect()
        return layers.key(doc), layers.canvas(doc), name, bounds, chosen, self.region(doc)

    def region(self, doc: Any) -> Place:
        """What a preview looks at: the visible part, held still while one is on the canvas."""
        key = layers.key(doc)
        if not (self.on_canvas.on and self._region is not None and self._region[0] == key):
            self._region = key, visible(doc)
        return self._region[1]

    def _want(self) -> None:
        doc = self.document
        if doc is None:
            self.preview.clear("no_document")
        elif self.watching:
            self.preview.want(doc, self.choice, self.region(doc))

    @property
    def watching(self) -> bool:
        """Whether a docker is on screen: previews are worth their work."""
        return bool(self._watchers)

    def watch(self, on: bool, who: int = 0) -> None:
        """Each window has a docker of its own; one of them is enough."""
        if on:
            self._watchers.add(who)
            self._want()
        else:
            self._watchers.discard(who)

    # choosing

    def choose(self, **what: Any) -> None:
        before, choice = self.choice, replace(self.choice, **what)
        if choice == before:
            return
        self.choice = choice
        settings.write(choice)
        self.choice_changed.emit()
        self._want()
        if (shown := self.on_canvas.document) is not None:
            self.on_canvas.show(shown, choice, self.region(shown))
        if (choice.scope, choice.recipe) != (before.scope, before.recipe):
            self._estimate.want(self.document, self.choice)

    def sign(self, artist: Artist) -> None:
        self.artist = artist
        settings.write(artist)

    @property
    def seconds(self) -> dict[str, float]:
        return self._estimate.seconds

    # working

    def apply(self) -> Job | None:
        """Protects the layer, the selection or the picture; the result is a new layer."""
        return self._order(lambda doc: orders.to_apply(doc, self.choice, self.catalogue))

    def export(self, path: str, how: Exporting) -> Job | None:
        return self._order(lambda doc: orders.to_export(doc, path, how, self.choice, self.artist))

    def _order(self, made: Callable[[Any], Job]) -> Job | None:
        doc = self.document
        try:
            if problem := orders.refusal(doc, self.choice, self.engine.condition.name):
                raise Refused(problem)
            return self.jobs.add(made(doc))
        except Refused as error:
            self.complain(t(str(error)))
            return None

    def _job_finished(self, job: Job) -> None:
        told = job.why == ENDED and self.engine.condition.name == "broken"
        if job.state == "failed" and not told:
            self.complain(t(job.why))

    def _jobs_changed(self) -> None:
        """A preview would have to wait behind a job; it resumes afterwards."""
        busy = any(job.state == "running" for job in self.jobs.all)
        was, self.preview.paused = self.preview.paused, busy
        self.preview.ready = self.jobs.ready
        if was and not busy:
            self.preview.resume()

    # the preview on the canvas

    def show_on_canvas(self, on: bool) -> None:
        doc = self.document
        if not on or doc is None:
            self.on_canvas.hide()
        else:
            self.on_canvas.show(doc, self.choice, self.region(doc))

    # trouble

    def complain(self, words: str) -> None:
        self.trouble = words
        self.engine_changed.emit()

    def complain_later(self, words: str) -> None:
        """From within a drawing that failed: drawing the complaint must not be part of it."""
        if words != self.trouble and self._timer.isActive():
            QtCore.QTimer.singleShot(SOON, lambda: self.complain(words))

    def details(self) -> str:
        """For a bug report: no picture, no file's name, nothing that has the artist's own."""
        from ..engine.process import platform

        condition = self.engine.condition
        docs = [doc.fileName() for doc in layers.app().documents() if layers.alive(doc)]
        lines = (
            self.trouble,
            platform(),
            f"Krita {layers.app().version()}",
            f"engine {condition.version} {condition.name} {condition.device}",
            "",
            self.engine.log(),
            self.installer.log(),
        )
        return without("\n".join(lines), [*docs, *(job.path for job in self.jobs.all)])
