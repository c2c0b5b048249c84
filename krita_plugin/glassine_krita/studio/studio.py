"""What the docker shows, without widgets: one studio for all windows of this Krita."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..canvas.hidden_originals import HiddenOriginals
from ..canvas.layers import active_document, find_layer, key_of, open_documents
from ..canvas.libkis import Document
from ..canvas.places import Place
from ..canvas.refusals import Refused
from ..engine import asks
from ..engine.asks import Intent, Point
from ..engine.catalogue import Catalogue, read_catalogue
from ..engine.process import Engine
from ..engine.requests import ENDED, Requests
from ..install.installed import start_command
from ..install.installer import CANCELLED, DONE, Installer
from ..qt import QtCore, Signal
from ..words.gaps import Message
from ..words.texts import in_words, t
from .beforehand import CaptionWords, Estimate
from .bug_report import bug_report
from .canvas_preview import CanvasPreview
from .choices import Artist, Choice, Exporting
from .filenames import document_file, free_path, path_refusal
from .job import Job, Kind, State
from .job_queue import JobQueue
from .needs.campaigns import Campaigns, as_agreed
from .needs.faces import Faces
from .needs.own_model import OwnModel
from .orders import order_file, order_layer, order_refusal, spared_then
from .preview import Preview
from .settings import (
    engine_command,
    from_json,
    read_exporting,
    read_setting,
    read_text,
    write_setting,
    write_text,
)
from .watch.already_protected import AlreadyProtected
from .watch.reminder import Reminder
from .watch.sight import Region, Sight, sight_of
from .watch.stale import Stale, StaleCopies

SOON, LOOK = 60, 400  # milliseconds between looks at what Krita does not signal


class Studio(QtCore.QObject):
    """Everything the docker draws. Nothing in here raises for a missing document or engine."""

    engine_changed = Signal()
    document_changed = Signal()
    choice_changed = Signal()
    estimate_changed = Signal()

    _seen: Sight | None = None
    _estimate_waits = False  # for a picture

    def __init__(self, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.engine = Engine(self)
        self.requests = Requests(self.engine, self)
        self.jobs = JobQueue(self.requests, self)
        self.preview = Preview(self.requests, self)
        self.installer = Installer(self)
        self.faces = Faces(self.preview, self)
        self.canvas_preview = CanvasPreview(self.requests, self)
        self.already_protected = AlreadyProtected(self.requests, self)
        self.caption = CaptionWords(self.requests, self)
        self.campaigns = Campaigns(self.requests, self)
        self.own_model = OwnModel(self.requests, self)
        self.stale = StaleCopies(self)
        self.reminder = Reminder(self)
        self.catalogue = Catalogue()
        self.choice = read_setting(Choice)
        self.artist = read_setting(Artist)
        self.trouble = ""  # the last thing that went wrong, in words
        self._of_engine = ""  # the last of it that was about the engine
        self._fault = ""  # where the plugin's last mistake was
        self._watchers: set[int] = set()
        self._region = Region()
        self._estimate = Estimate(self.requests, self)
        self._estimate.changed.connect(self.estimate_changed)
        self.preview.changed.connect(self._preview_changed)
        self.engine.changed.connect(self._engine_changed)
        self.engine.lost.connect(self._engine_lost)
        self.jobs.finished.connect(self._job_finished)
        self.jobs.changed.connect(self._jobs_changed)
        self.installer.ended.connect(self._installed)
        self.canvas_preview.failed.connect(self.complain)
        self.faces.changed.connect(self._faces_changed)
        self.campaigns.entered.connect(lambda row: self.take_part(row.name))
        self.own_model.changed.connect(self._model_changed)
        self.campaigns.refused.connect(lambda says: self.complain(in_words(says)))
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(LOOK)
        self._timer.timeout.connect(self.look)
        self._timer.start()

    # engine

    def start_engine(self) -> None:
        command = engine_command(start_command())
        self.engine.start(command, read_text("device"))

    def restart_engine(self) -> None:
        """Called by the artist, who has read what was wrong: the complaint goes."""
        self.complain("")
        self.start_engine()

    def compute_on(self, device: str) -> None:
        """The engine starts anew on the processor ("cpu") or on the fastest there is ("")."""
        if device != read_text("device"):
            write_text("device", device)
            self.start_engine()

    def close(self) -> None:
        """Krita quits: the preview goes, the engine ends with its stdin."""
        self._timer.stop()
        self.stale.close()
        self.canvas_preview.hide()
        self.preview.clear()
        self.installer.cancel()
        for job in self.jobs.all:
            job.release()
        self.engine.close()

    def _engine_changed(self) -> None:
        condition = self.engine.condition
        ready = condition.name == "ready"
        self.already_protected.forget()
        if ready:
            self.catalogue = read_catalogue(condition.hello.catalogue)
            self.caption.ask_anew()
            self.campaigns.forget()
            self.own_model.ask_anew()
            self.preview.forget_engine()
            self._want()
            if self.trouble == self._of_engine:
                self.trouble = ""  # it is over
        elif condition.says:
            self._of_engine = in_words(condition.says)
            self.complain(self._of_engine)
        self.jobs.ready = ready
        self._jobs_changed()
        self.engine_changed.emit()
        self.jobs.start_next()
        self._estimate.forget()
        self._want_estimate()

    def _engine_lost(self) -> None:
        self._estimate.forget()
        self._estimate.forget_pace()
        if self.engine.condition.name == "starting":
            self.complain(t("engine_lost"))

    def _installed(self, why: Message) -> None:
        """Starts the engine that is there now, however the installation ended."""
        if not self._timer.isActive():
            return  # Krita is closing
        self.start_engine()
        if why not in (DONE, CANCELLED):
            self.complain(in_words(why))
        self.engine_changed.emit()

    # what is in front of the artist

    @property
    def document(self) -> Document | None:
        """The artist's document; when the preview on the canvas is in front, the one it shows."""
        doc = active_document()
        if doc is not None and self.canvas_preview.tab.is_copy(doc):
            return self.canvas_preview.document
        return doc

    def look_soon(self) -> None:
        if self._timer.isActive():
            QtCore.QTimer.singleShot(SOON, self.look)

    def look(self) -> None:
        """Follows what Krita has no signal for: documents, layers, selections, the view, undo."""
        if not self._timer.isActive():
            return  # Krita is closing
        HiddenOriginals.follow_undo()
        self.canvas_preview.follow_document()
        doc = self.document
        self.stale.look_at(doc)
        self.stale.paused, self.stale.seen = not self.watching, self.preview.source
        self._follow(doc)
        if self.watching:
            free = not (self.preview.busy or self.preview.awaited)
            self.already_protected.look_at(doc, may_ask=free)

    def _follow(self, doc: Document | None) -> None:
        """Shows what is in front now, where that is something else than before."""
        seen = None if doc is None else sight_of(doc, self.region(doc))
        if seen == self._seen:
            return
        was, self._seen = self._seen, seen
        HiddenOriginals.forget_closed({key_of(one) for one in open_documents()})
        if doc is not None:
            HiddenOriginals.adopt(doc)
        self.document_changed.emit()
        self.faces.follow(doc)
        self._want()
        self._want_estimate()
        if was is not None and seen is not None and was.frame != seen.frame:
            self.show_on_canvas(self.canvas_preview.on)

    def region(self, doc: Document) -> Place:
        """What a preview looks at: the visible part, held still while one is on the canvas."""
        return self._region.of(doc, held=self.canvas_preview.on)

    def _model_changed(self) -> None:
        """The recipe that is chosen may use it."""
        if self.intent.model is not None:
            self._want()
            self._want_estimate()

    def _want_estimate(self) -> None:
        """The engine times itself for an estimate: a picture that is waited for goes before it."""
        self._estimate_waits = self.preview.awaited
        if not self._estimate_waits:
            self._estimate.want(self.document, self.choice, self.intent.model or "")

    def _preview_changed(self) -> None:
        if self._estimate_waits:
            self._want_estimate()

    def _want(self) -> None:
        doc, intent = self.document, self.intent
        self.caption.want(intent)
        if intent.teach is not None:
            self.campaigns.want()
        if doc is None:
            self.preview.clear(Message("no_document"))
        elif self.watching:
            self.preview.want(doc, self.choice.scope, intent, self.region(doc))

    @property
    def watching(self) -> bool:
        """Whether a docker is on screen: previews are worth their work."""
        return bool(self._watchers)

    def watch(self, on: bool, who: int = 0) -> None:
        """Whether docker `who` is on screen. Each window has one; one on screen is enough."""
        if on:
            self._watchers.add(who)
            self._want()
        else:
            self._watchers.discard(who)

    # choosing

    @property
    def intent(self) -> Intent:
        """The choice, as the engine wants it."""
        return self._intent_of(self.choice, self.faces.spared)

    def _intent_of(self, choice: Choice, spared: tuple[Point, ...] | None) -> Intent:
        """With the artist's model where the recipe uses one, and with the faces that are left alone
        where it works on faces."""
        needs = self.catalogue.needs(choice.recipe)
        found = choice.intent(needs)
        if "model" in (needs or ()):
            found = replace(found, model=self.own_model.folder)
        return replace(found, spared=spared) if "faces" in (needs or ()) else found

    def choose(self, **what: Any) -> None:
        before, choice = self.choice, replace(self.choice, **what)
        if choice == before:
            return
        self.choice = choice
        write_setting(choice)
        self.choice_changed.emit()
        self._look_anew()
        if (choice.scope, choice.recipe) != (before.scope, before.recipe):
            self._want_estimate()

    def _look_anew(self) -> None:
        """Makes the previews anew, of what is wanted now."""
        self._want()
        if (shown := self.canvas_preview.document) is not None:
            self.canvas_preview.show(shown, self.choice.scope, self.intent, self.region(shown))

    def _faces_changed(self) -> None:
        """Also called by every preview that finds other faces than before; the same is not asked
        for twice."""
        if self.intent.spared is not None:
            self._look_anew()

    def take_part(self, name: str) -> None:
        """Takes part in the campaign of that name, which says what to aim at; "": in none."""
        row = self.campaigns.named(name)
        told = as_agreed(row, self.choice, self.catalogue) if row else {"campaign": ""}
        self.choose(**told)

    def sign(self, artist: Artist) -> None:
        self.artist = artist
        write_setting(artist)

    @property
    def seconds(self) -> dict[str, float]:
        return self._estimate.seconds

    # working

    def apply(self) -> Job | None:
        """Protects the layer, the selection or the picture; the result is a new layer."""
        return self._order(lambda doc: order_layer(doc, self.choice, self.intent))

    def update_copy(self, row: Stale) -> Job | None:
        """Makes a stale copy anew, as it was chosen then, from what its source shows now."""
        told = from_json(Choice, json.dumps(row.made.choice))
        choice = replace(told, effort=self.choice.effort)
        intent = self._intent_of(choice, spared_then(row.made.choice))
        return self._order(lambda doc: order_layer(doc, choice, intent, row.made))

    def hide_copy(self, row: Stale) -> None:
        """Hides the copy, and shows what it stood in place of."""
        if (doc := self.document) is None:
            return
        shown = {row.made.copy: False, **dict.fromkeys(row.made.hides, True)}
        for name, on in shown.items():
            if (node := find_layer(doc, name)) is not None:
                node.setVisible(on)
        doc.refreshProjection()

    def export(self, path: str, how: Exporting) -> Job | None:
        return self._order(lambda doc: order_file(doc, path, how, self.intent, self.artist))

    def export_at_once(self, beside: str = "") -> Job | None:
        """Exports as the document was last exported, beside it, under a name that is free. Asks
        nothing: what is protected already is exported as it is.

        beside  another file than the document's, whose name and format the copy gets
        """
        doc = self.document
        how = Exporting() if doc is None else read_exporting(doc)
        if beside:
            how = replace(how, format=self._format_of(beside) or how.format)
        suffixes = self.catalogue.row("formats", how.format).suffixes
        path = free_path(beside or document_file(doc, how), next(iter(suffixes), f".{how.format}"))
        if problem := path_refusal(path):
            self.complain(problem)
            return None
        job = self.export(path, how)
        if job is not None and job.state is State.ASKING:
            self.jobs.do_again(job, as_is=True)
        return job

    def protect_exported(self) -> None:
        """Exports a protected copy beside the file that Krita has just written."""
        path = self.reminder.path
        self.reminder.dismiss()
        if path:
            self.export_at_once(path)

    def krita_saved(self, path: str) -> None:
        formats = {one for row in self.catalogue.usable("formats") for one in row.suffixes}
        self.reminder.saved(path, formats)

    def _format_of(self, path: str) -> str:
        suffix = os.path.splitext(path)[1].lower()
        rows = self.catalogue.usable("formats")
        return next((row.name for row in rows if suffix in row.suffixes), "")

    def _order(self, order: Callable[[Document], Job]) -> Job | None:
        doc = self.document
        try:
            problem = order_refusal(doc, self.intent, self.engine.condition.name)
            if problem or doc is None:
                raise Refused(problem)
            HiddenOriginals.adopt(doc)
            return self.jobs.add(order(doc))
        except Refused as error:
            self.complain(in_words(error.says))
            return None

    def _job_finished(self, job: Job) -> None:
        if job.state is State.DONE and job.order.kind is Kind.APPLY:
            self._learn_pace(job)
        said = job.why == ENDED and self.engine.condition.name == "broken"
        if job.state is State.FAILED and job.why is not None and not said:
            self.complain(in_words(job.why))

    def _learn_pace(self, job: Job) -> None:
        intent, place = job.order.ask.intent, job.order.place
        if place is not None:
            ask = asks.Estimate(place.width, place.height, intent.recipe, intent.model or "")
            self._estimate.learn(ask, intent.effort, job.took)
            self._want_estimate()

    def _jobs_changed(self) -> None:
        """A preview would have to wait behind a job; it resumes afterwards."""
        busy = self.jobs.running
        was, self.preview.paused = self.preview.paused, busy
        self.preview.ready = self.jobs.ready
        if busy:
            self.preview.pause()
        if was and not busy:
            self.preview.resume()

    # the preview on the canvas

    def show_on_canvas(self, on: bool) -> None:
        doc = self.document
        if not on or doc is None:
            self.canvas_preview.hide()
        else:
            self.canvas_preview.show(doc, self.choice.scope, self.intent, self.region(doc))

    # trouble

    def complain(self, words: str) -> None:
        self.trouble = words
        self.engine_changed.emit()

    def complain_later(self, words: str, fault: str) -> None:
        """For drawing that failed: drawing the complaint must not be part of it.

        fault  where it was, for a bug report
        """
        self._fault = fault
        if words != self.trouble and self._timer.isActive():
            QtCore.QTimer.singleShot(SOON, lambda: self.complain(words))

    def details(self) -> str:
        """For a bug report: no picture, no name of a file, nothing that is the artist's."""
        jobs = [one for job in self.jobs.all for one in (job.why, *job.outcome.notes)]
        said = filter(None, (self.engine.condition.says, *jobs))
        told = "\n".join(line for one in said for line in one.details())
        logs = (told, self._fault, self.engine.log(), self.installer.log())
        files = [job.order.path for job in self.jobs.all]
        return bug_report(self.trouble, self.engine.condition, logs, files)
