"""Work in a queue: one job runs, the rest wait, and no result is lost.

A job takes its pixels when the artist asks for it, so painting on changes nothing about it. A
result whose layer or document is gone is kept and offered.
"""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace

from ..canvas import results
from ..canvas.frames import Film
from ..canvas.refusals import Refused
from ..engine.answers import FileMade, LayerMade, Measured, Progress
from ..engine.asks import Measure, Protect
from ..engine.requests import Answer, Requests
from ..qt import QtCore, Signal
from ..words.causes import details_of
from ..words.gaps import Message, message
from .blobs import blob_in_parts, picture_blobs
from .finishing import (
    RECEIPT,
    ask_which_frames,
    film_result,
    frames_left,
    not_read,
    not_written,
    notes_on,
    receipt_request,
    result_of,
    write_exported,
    write_whole,
)
from .job import Job, Kind, Order, State

Finish = Callable[[Job, Answer], None]


class JobQueue(QtCore.QObject):
    """The queue. `ready` says whether the engine takes work now."""

    changed = Signal()
    finished = Signal(object)

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.all: list[Job] = []
        self.ready = False
        self._requests = requests
        self._finish: dict[Kind, Finish] = {
            Kind.APPLY: self._finish_layer,
            Kind.EXPORT: self._finish_file,
            Kind.REPORT: self._finish_report,
        }
        self._placing: list[tuple[Job, Iterator[None]]] = []  # the first one moves
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._place_some)

    @property
    def running(self) -> bool:
        """Whether the engine is working on a job."""
        return any(job.state is State.RUNNING for job in self.all)

    def add(self, job: Job) -> Job:
        self.all.append(job)
        self.start_next()
        return job

    def do_again(self, job: Job, *, as_is: bool = False) -> None:
        """Starts a job that the artist wants although the picture is protected already.

        as_is  exports the picture as it is, with marks
        """
        ask = job.order.ask
        if job.state is State.ASKING and isinstance(ask, Protect):
            job.order = replace(job.order, ask=replace(ask, again=True, as_is=as_is))
            job.state, job.why = State.WAITING, None
            if job.film is not None and not job.order.frames:
                ask_which_frames(job)
            self.start_next()

    def choose_frames(self, job: Job, times: tuple[int, ...]) -> None:
        """Starts a job whose frames the artist has chosen now."""
        if job.which_frames and times:
            told = {**job.order.choice, "frames": list(times)}
            job.order = replace(job.order, frames=times, choice=told)
            job.state, job.why = State.WAITING, None
            self.start_next()

    def go_on(self, job: Job) -> None:
        """Goes on with the frames that are not done yet."""
        if job.unfinished and job.done < len(job.order.frames):
            job.state, job.why = State.WAITING, None
            self.start_next()

    def use_done(self, job: Job) -> None:
        """Adds a layer in which the frames that are done are protected, and the others are not."""
        if job.unfinished and job.film is not None:
            job.order = replace(job.order, frames=job.order.frames[: job.done])
            job.state = State.PLACING
            self._place(job, self._add_film(job, job.film))

    def measure(self, job: Job) -> Job | None:
        """Asks what handling and removal leave of the exported file's effect; takes minutes."""
        if not job.measurable:
            return None
        picture, job.picture = job.picture, None
        ask = Measure(job.order.ask.intent)
        order = Order(Kind.REPORT, job.order.path, ask, path=job.order.path)
        return self.add(Job(order, picture))

    def start_next(self) -> None:
        """Starts the first waiting job, if nothing runs and the engine is there."""
        busy = any(job.state in (State.RUNNING, State.PLACING) for job in self.all)
        waiting = [job for job in self.all if job.state is State.WAITING]
        if self.ready and waiting and not busy:
            self._start(waiting[0])
        self.changed.emit()

    def cancel(self, job: Job) -> None:
        """Cancels at once for the artist; the engine stops at its next operation."""
        if job.state is State.RUNNING:
            self._requests.cancel(job.request)
        if job.state is State.PLACING:
            self._stop_placing(job)
        if job.active:
            self._end(job, State.CANCELLED)

    def forget(self, job: Job) -> None:
        if not job.active and job in self.all:
            job.release()
            self.all.remove(job)
            self.changed.emit()

    def rescue(self, job: Job) -> None:
        """Opens a result that was kept as a document of its own."""
        if job.state is State.KEPT and job.result is not None:
            job.state = State.PLACING
            self._place(job, results.open_as_document(job.result))

    def save_elsewhere(self, job: Job, path: str) -> None:
        """Writes a file to another place than where it could not be written."""
        if job.state is State.KEPT and job.data is not None:
            job.order = replace(job.order, path=path)
            self._write_file(job, job.data)

    def _start(self, job: Job) -> None:
        picture, order = job.picture, job.order
        assert picture is not None
        if job.film is not None:
            job.film.turn_to(order.frames[job.done])
        job.state, job.began = State.RUNNING, time.monotonic()
        blobs = picture_blobs(picture)
        if order.kind is Kind.REPORT:
            try:
                with open(order.path, "rb") as stream:
                    blobs["file"] = blob_in_parts(stream.read())
            except OSError as error:
                self._end(job, State.FAILED, not_read(order.path, error))
                return
        job.request = self._requests.send(
            replace(order.ask, pixels=picture.about()),
            lambda answer: self._answered(job, answer),
            blobs,
            lambda about: self._progress(job, about),
        )

    def _progress(self, job: Job, about: Progress) -> None:
        """Takes over the engine's progress; for an animated layer, over all its frames."""
        count = max(1, len(job.order.frames))
        left = about.left + (count - job.done - 1) * job.took if about.left >= 0 else about.left
        whole = (job.done + about.fraction) / count
        job.progress = replace(about, fraction=whole, left=left)
        self.changed.emit()

    def _answered(self, job: Job, answer: Answer) -> None:
        if job.state is not State.RUNNING:
            return
        if answer.kind == "cancelled":
            self._end(job, State.CANCELLED)
        elif answer.kind == "lost":
            self._end(job, State.FAILED, answer.says)
        elif answer.error == "AlreadyProtected":
            self._ask(job, answer.says)
        elif answer.kind == "error":
            self._end(job, State.FAILED, answer.says)
        else:
            job.progress = replace(job.progress, fraction=1.0, left=0.0)
            job.took = time.monotonic() - job.began
            self._finish[job.order.kind](job, answer)

    def _ask(self, job: Job, why: Message) -> None:
        """Asks the artist; the pixels are kept until the answer."""
        job.state, job.why = State.ASKING, why
        job.progress = replace(job.progress, fraction=0.0)
        self.finished.emit(job)
        self.start_next()

    def _finish_report(self, job: Job, answer: Answer) -> None:
        report = bytes(answer.blobs["report"])
        job.outcome = replace(job.outcome, made=answer.read(Measured), report=report)
        self._end(job, State.DONE)

    def _finish_layer(self, job: Job, answer: Answer) -> None:
        picture, doc, made = job.picture, job.order.doc, answer.read(LayerMade)
        assert picture is not None and doc is not None
        if job.film is not None:
            job.outcome = replace(job.outcome, made=made)
            job.state = State.PLACING
            self._place(job, self._next_frame(job, job.film, answer.blobs["pixels"]))
            return
        result = job.result = result_of(job, made, picture, answer.blobs["pixels"])
        job.outcome = replace(job.outcome, made=made)
        job.note(*made.notes, *notes_on(result, picture))
        if result.rest is None:
            job.release()
        job.state = State.PLACING
        self._place(job, results.add_layer(doc, result))

    def _next_frame(self, job: Job, film: Film, pixels: memoryview) -> Iterator[None]:
        """Writes a frame that is done; after the last one, adds the layer with all."""
        yield from film.write(pixels)
        job.done += 1
        if job.done == len(job.order.frames):
            yield from self._add_film(job, film)

    def _add_film(self, job: Job, film: Film) -> Iterator[None]:
        assert job.order.doc is not None
        job.result = film_result(job, film)
        yield from results.add_layer(job.order.doc, job.result)
        job.note(Message("replaced"))

    def _finish_file(self, job: Job, answer: Answer) -> None:
        """Writes the file that the engine has made and measured."""
        made, blobs = answer.read(FileMade), answer.blobs
        job.outcome = replace(job.outcome, made=made, report=bytes(blobs["report"]))
        job.note(*made.notes)
        if job.picture is not None and job.picture.narrowed:
            job.note(Message("converted_file"))
        self._write_file(job, blobs["file"])

    def _write_file(self, job: Job, data: memoryview) -> None:
        """Fails unless the file on disk is what was measured. Where the disk refuses it, its bytes
        are kept: minutes of work are in them."""
        made = job.outcome.made
        assert isinstance(made, FileMade)
        try:
            digest = write_exported(job.order.path, data)
        except OSError as error:
            job.data = data
            self._end(job, State.KEPT, not_written(job.order.path, error))
            return
        job.data = None
        if digest != made.sha256:
            self._end(job, State.FAILED, Message("file_differs"))
            return
        if (ask := receipt_request(job, digest)) is not None:
            self._requests.send(ask, lambda answer: self._noted(job, answer))
        self._end(job, State.DONE)

    def _noted(self, job: Job, answer: Answer) -> None:
        """Writes the receipt beside the file if one was asked for, or notes what went wrong."""
        beside = job.order.path + RECEIPT
        if answer.kind != "result":
            job.note(message("not_noted", why=answer.says))
        elif "receipt" in answer.blobs:
            try:
                write_whole(beside, answer.blobs["receipt"])
            except OSError as error:
                job.note(not_written(beside, error))
        self.changed.emit()

    def _place(self, job: Job, steps: Iterator[None]) -> None:
        self._placing.append((job, steps))
        self._timer.start()
        self.changed.emit()

    def _place_some(self) -> None:
        job, steps = self._placing[0]
        try:
            next(steps)
        except StopIteration:
            self._stop_placing(job)
            if job.done < len(job.order.frames):
                job.state = State.WAITING
                self.start_next()
                return
            job.result = None
            self._end(job, State.DONE)
        except Refused as error:
            self._stop_placing(job)
            self._end(job, State.KEPT, error.says)
        except Exception as error:  # whatever it was, minutes of work are in the result
            traceback.print_exc()
            self._stop_placing(job)
            self._end(job, State.KEPT, message("not_added", details=details_of(error)))

    def _stop_placing(self, job: Job) -> None:
        self._placing = [row for row in self._placing if row[0] is not job]
        if not self._placing:
            self._timer.stop()

    def _end(self, job: Job, state: State, why: Message | None = None) -> None:
        if 0 < job.done < len(job.order.frames):
            state, why = State.KEPT, frames_left(job, why)  # minutes of work are in those frames
        job.state, job.why = state, why
        if job.unfinished:
            self.finished.emit(job)
            self.start_next()
            return
        kept = [one for one in self.all if one.measurable]  # a report may be asked of the last
        for one in kept[:-1] if job.measurable else [job]:
            one.release()
        self.finished.emit(job)
        self.start_next()
