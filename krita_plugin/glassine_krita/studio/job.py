"""A job: what was asked for, which never changes, and where it stands, which does."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from ..canvas.frames import Film
from ..canvas.libkis import Document
from ..canvas.pictures import Picture
from ..canvas.places import Place
from ..canvas.results import Result
from ..canvas.sources import Source
from ..engine.answers import FileMade, LayerMade, Measured, Progress
from ..engine.asks import ExportFile, Measure, Protect
from ..qt import QtCore
from ..words.gaps import Message

Made = LayerMade | FileMade | Measured


class Kind(Enum):
    """What a job makes. The value is the engine's method."""

    APPLY = "protect"  # a layer
    EXPORT = "export"  # a file
    REPORT = "report"  # a page on what handling and removal leave of an exported file


class State(Enum):
    """Where a job stands. The value is the end of a code in texts.json: "job_kept"."""

    WAITING = "waiting"
    RUNNING = "running"
    PLACING = "placing"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"
    KEPT = "kept"  # a result without a home
    ASKING = "asking"  # it is protected already: only on the artist's word


ACTIVE = (State.WAITING, State.RUNNING, State.PLACING)


@dataclass(frozen=True)
class Order:
    """What was asked for.

    ask    the request, without what its pixels say of themselves
    doc    where the result belongs, above the layer with that id; None: on top of all
    path   of the file that is written, or measured
    place  the part of the document that is worked on
    source  what it is made from, as it looked when it was asked for
    choice  what the artist chose for it
    frames  of an animated layer: times of those that are to be changed
    """

    kind: Kind
    name: str
    ask: Protect | ExportFile | Measure
    doc: Document | None = None
    layer: QtCore.QUuid | None = None
    path: str = ""
    place: Place | None = None
    source: Source | None = None
    choice: dict[str, Any] = field(default_factory=dict)
    frames: tuple[int, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """What the engine made of an order.

    made    its answer; None before there is one
    report  a page of HTML, as it is written to the disk
    notes   what the artist has to know
    """

    made: Made | None = None
    report: bytes = b""
    notes: tuple[Message, ...] = ()

    @property
    def caption(self) -> str:
        """The words to post with it; "" where there are none."""
        return "" if self.made is None or isinstance(self.made, Measured) else self.made.caption


@dataclass(eq=False)
class Job:
    """Where an order stands.

    picture  its pixels, until nobody needs them any more
    why      when it failed, was kept or asks
    result   pixels that are on their way into the document, or were kept
    request  its number at the engine
    data     of a file that could not be written
    began    when the engine was asked, of the monotonic clock in seconds
    took     seconds until it had answered
    done     frames of an animated layer that are finished
    """

    order: Order
    picture: Picture | None
    state: State = State.WAITING
    why: Message | None = None
    progress: Progress = field(default_factory=Progress)
    outcome: Outcome = field(default_factory=Outcome)
    result: Result | None = None
    request: int = 0
    data: memoryview | None = None
    began: float = 0.0
    took: float = 0.0
    done: int = 0

    @property
    def film(self) -> Film | None:
        """The frames of an animated layer."""
        return self.picture if isinstance(self.picture, Film) else None

    @property
    def which_frames(self) -> bool:
        """Whether the artist still has to say which frames."""
        return self.film is not None and not self.order.frames and self.state is State.ASKING

    @property
    def unfinished(self) -> bool:
        """Whether some frames are done and wait for the others."""
        return self.film is not None and self.state is State.KEPT

    @property
    def active(self) -> bool:
        return self.state in ACTIVE

    @property
    def measurable(self) -> bool:
        """Whether its pixels are still here to compare the written file with."""
        done = self.order.kind is Kind.EXPORT and self.state is State.DONE
        return done and self.picture is not None

    def note(self, *notes: Message) -> None:
        self.outcome = replace(self.outcome, notes=(*self.outcome.notes, *notes))

    def release(self) -> None:
        if self.picture is not None:
            self.picture.close()
            self.picture = None
