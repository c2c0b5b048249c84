"""Work in a queue: one job runs, the rest wait, and no result is lost.

A job takes its pixels when the artist asks for it, so painting on changes nothing about it. A
result whose layer or document is gone is kept and offered.
"""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..canvas import layers, results
from ..canvas.layers import Refused
from ..canvas.pictures import Picture
from ..canvas.results import Result
from ..engine.requests import Blob, Outcome, Requests
from ..qt import QtCore, Signal
from ..words.texts import t

RECEIPT = ".receipt.json"  # after the name of the file, as on the command line
ENDED = ("done", "failed", "cancelled")


@dataclass
class Job:
    """state   waiting, running, placing, done, failed, cancelled, kept (a result without a home),
             asking (it is protected already: only on the artist's word)
    kind     "apply", "export", or "report" (on what an export of `path` is still worth)
    why      a key of texts.py or the engine's own sentence, when it failed, was kept or asks
    """

    kind: str
    name: str
    ask: dict[str, Any]
    picture: Picture | None
    doc: Any = None
    above: Any = None
    path: str = ""
    state: str = "waiting"
    fraction: float = 0.0
    left: float = -1.0
    stage: str = ""
    number: int = 0
    why: str = ""
    notes: list[str] = field(default_factory=list)
    outcome: dict[str, Any] = field(default_factory=dict)
    result: Result | None = None
    report: bytes = b""

    @property
    def method(self) -> str:
        return {"apply": "protect"}.get(self.kind, self.kind)

    @property
    def measurable(self) -> bool:
        """Whether its pixels are still here to compare the written file with."""
        return self.kind == "export" and self.state == "done" and self.picture is not None

    @property
    def active(self) -> bool:
        return self.state in ("waiting", "running", "placing")

    def release(self) -> None:
        if self.picture is not None:
            self.picture.close()
            self.picture = None


class Jobs(QtCore.QObject):
    """The queue. `ready` says whether the engine takes work now."""

    changed = Signal()
    finished = Signal(object)

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self.all: list[Job] = []
        self.ready = False
        self._requests = requests
        self._placing: list[tuple[Job, Iterator[Any]]] = []  # the first one moves
        self._timer = QtCore.QTimer(self)
        self._timer.setInterval(0)
        self._timer.timeout.connect(self._place_some)

    def add(self, job: Job) -> Job:
        self.all.append(job)
        self.next()
        return job

    def again(self, job: Job) -> None:
        """The artist has read that it is protected already, and wants it all the same."""
        if job.state == "asking":
            job.ask, job.state, job.why = {**job.ask, "again": True}, "waiting", ""
            self.next()

    def measure(self, job: Job) -> Job | None:
        """Asks what the exported file still does after handling and removal; takes minutes."""
        if not job.measurable:
            return None
        picture, job.picture = job.picture, None
        ask = {"intent": job.ask["intent"]}
        return self.add(Job("report", job.path, ask, picture, path=job.path))

    def next(self) -> None:
        """Starts the first waiting job, if nothing runs and the engine is there."""
        busy = any(job.state in ("running", "placing") for job in self.all)
        waiting = [job for job in self.all if job.state == "waiting"]
        if self.ready and waiting and not busy:
            self._start(waiting[0])
        self.changed.emit()

    def cancel(self, job: Job) -> None:
        """At once for the artist; the engine stops at its next step."""
        if job.state == "running":
            self._requests.cancel(job.number)
        if job.state == "placing":
            self._stop_placing(job)
        if job.active:
            self._end(job, "cancelled")

    def forget(self, job: Job) -> None:
        if not job.active and job in self.all:
            job.release()
            self.all.remove(job)
            self.changed.emit()

    def rescue(self, job: Job) -> None:
        """A result that was kept -> a document of its own."""
        if job.state == "kept" and job.result is not None:
            job.state = "placing"
            self._begin(job, results.as_document(job.result))

    def _start(self, job: Job) -> None:
        picture = job.picture
        assert picture is not None
        job.state = "running"
        blobs = {"pixels": Blob(picture.size, picture.parts())}
        if picture.mask:
            blobs["mask"] = Blob(len(picture.mask), slices(picture.mask))
        if job.kind == "report":
            try:
                with open(job.path, "rb") as stream:
                    data = stream.read()
            except OSError as error:
                self._end(job, "failed", f"{job.path}: {error.strerror or error}")
                return
            blobs["file"] = Blob(len(data), slices(data))
        job.number = self._requests.send(
            job.method,
            {**job.ask, "pixels": picture.about()},
            lambda outcome: self._answered(job, outcome),
            blobs,
            lambda about: self._progress(job, about),
        )

    def _progress(self, job: Job, about: dict[str, Any]) -> None:
        job.fraction, job.left = about["fraction"], about["left"]
        job.stage = about["stage"]
        self.changed.emit()

    def _answered(self, job: Job, outcome: Outcome) -> None:
        if job.state != "running":
            return
        if outcome.kind == "cancelled":
            self._end(job, "cancelled")
        elif outcome.kind == "lost":
            self._end(job, "failed", outcome.says)
        elif outcome.error == "AlreadyProtected":
            self._ask(job, outcome.says)
        elif outcome.kind == "error":
            self._end(job, "failed", outcome.says)
        else:
            job.outcome, job.fraction, job.left = outcome.result, 1.0, 0.0
            job.notes += outcome.result.get("notes", [])
            ends = {"apply": self._apply, "export": self._write, "report": self._measured}
            ends[job.kind](job, outcome.blobs)

    def _ask(self, job: Job, why: str) -> None:
        """The pixels are kept until the artist has decided."""
        job.state, job.why, job.fraction = "asking", why, 0.0
        self.finished.emit(job)
        self.next()

    def _measured(self, job: Job, blobs: dict[str, memoryview]) -> None:
        job.report = bytes(blobs["report"])
        self._end(job, "done")

    def _apply(self, job: Job, blobs: dict[str, memoryview]) -> None:
        picture = job.picture
        assert picture is not None
        replaces = bool(job.outcome.get("translucent")) or not plain(job.doc, job.above)
        rest = picture if replaces and picture.mask else None
        job.result = Result(
            blobs["pixels"], picture.place, picture.space, job.name, job.above, replaces, rest
        )
        if picture.converted:
            job.notes.append("converted")
        if replaces:
            job.notes.append("replaced" if job.above is not None else "replaced_all")
        if rest is None:
            job.release()
        job.state = "placing"
        self._begin(job, results.add(job.doc, job.result))

    def _write(self, job: Job, blobs: dict[str, memoryview]) -> None:
        """One move to the final name, read back and compared with what the engine verified."""
        job.report = bytes(blobs["report"])
        try:
            save(job.path, blobs["file"])
            with open(job.path, "rb") as stream:
                digest = hashlib.sha256(stream.read()).hexdigest()
        except OSError as error:
            self._end(job, "failed", f"{job.path}: {error.strerror or error}")
            return
        same = digest == job.outcome["sha256"]
        how = job.ask["intent"]["export"]
        if same and "receipt" in how["marks"]:
            ask = {"sha256": digest, "sidecar": how["sidecar"]}
            ask |= {"path": os.path.abspath(job.path)} if how["keep_path"] else {}
            self._requests.send("placed", ask, lambda outcome: self._noted(job, outcome))
        self._end(job, "done" if same else "failed", "" if same else "file_differs")

    def _noted(self, job: Job, outcome: Outcome) -> None:
        """The ledger knows the file, or it is said why not."""
        if outcome.kind != "result":
            job.notes.append(t("not_noted", why=t(outcome.says)))
        elif "receipt" in outcome.blobs:
            try:
                save(job.path + RECEIPT, outcome.blobs["receipt"])
            except OSError as error:
                job.notes.append(f"{job.path + RECEIPT}: {error.strerror or error}")
        self.changed.emit()

    def _begin(self, job: Job, steps: Iterator[Any]) -> None:
        self._placing.append((job, steps))
        self._timer.start()
        self.changed.emit()

    def _place_some(self) -> None:
        job, steps = self._placing[0]
        try:
            next(steps)
        except StopIteration:
            self._stop_placing(job)
            job.result = None
            self._end(job, "done")
        except Refused as error:
            self._stop_placing(job)
            self._end(job, "kept", str(error))
        except Exception as error:  # whatever it was, minutes of work are in the result
            traceback.print_exc()
            self._stop_placing(job)
            self._end(job, "kept", f"{type(error).__name__}: {error}")

    def _stop_placing(self, job: Job) -> None:
        self._placing = [row for row in self._placing if row[0] is not job]
        if not self._placing:
            self._timer.stop()

    def _end(self, job: Job, state: str, why: str = "") -> None:
        job.state, job.why = state, why
        kept = [one for one in self.all if one.measurable]  # only the last: a report may be asked
        for one in kept[:-1] if job.measurable else [job]:
            one.release()
        self.finished.emit(job)
        self.next()


def plain(doc: Any, node_id: Any) -> bool:
    """Whether a copy above the layer looks as the layer alone would."""
    node = None if node_id is None else layers.find(doc, node_id)
    if node is None:
        return True
    return node.opacity() == 255 and node.blendingMode() == "normal" and not node.inheritAlpha()


def slices(data: bytes) -> Iterator[bytes]:
    for start in range(0, len(data), layers.PART):
        yield data[start : start + layers.PART]


def save(path: str, data: memoryview) -> None:
    """The whole file or nothing under that name."""
    part = f"{path}.{os.getpid()}.part"
    try:
        with open(part, "wb") as stream:
            stream.write(data)
        os.replace(part, path)
    finally:
        if os.path.exists(part):
            os.remove(part)
