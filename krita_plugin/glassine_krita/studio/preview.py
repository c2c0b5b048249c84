"""The live preview: a small picture soon; a finer one and a model's view while idle; none of it in
the document."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass, replace
from enum import Enum

from ..canvas.layers import is_open, key_of, layer_for, selection_of
from ..canvas.libkis import Document
from ..canvas.own_layers import own_layer_ids
from ..canvas.pictures import Picture, take_picture
from ..canvas.places import Place
from ..canvas.refusals import Busy, Refused
from ..canvas.small_pictures import SmallPicture, image_of, shrink_by_strips
from ..canvas.sources import Source, looked_at
from ..canvas.spaces import SCREEN
from ..engine.answers import Previewed
from ..engine.asks import Intent
from ..engine.asks import Preview as Ask
from ..engine.requests import Answer, Requests
from ..qt import QtCore, QtGui, Signal
from ..words.gaps import Message
from .blobs import small_blobs

FIRST, FINER = 1.0, 8.0  # seconds that the engine may take for the picture
REST = 150  # milliseconds without a change before anything starts
SCALED = 40  # milliseconds between looks at another strength, which the engine only scales
Key = tuple[object, ...]
SEEN = ("sees_before", "sees_after", "sees_goal", "sees_difference")
"""What comes through a model's eyes; the last is how the first two differ."""
PICTURES = ("before", "after", "difference", *SEEN)


class Due(Enum):
    """What the engine is asked for next; each is waited for less than the one before."""

    LOOK = "a small picture"
    SCALE = "the same at another strength, while a hand drags"
    FINE = "a larger one"
    VIEW = "what a model keeps of it"


@dataclass(frozen=True)
class Wanted:
    """A part of a document under an intent.

    key  what is read: document, layer, scope, selection, place and frame
    """

    doc: Document
    scope: str
    intent: Intent
    place: Place
    key: Key

    @property
    def explored(self) -> tuple[Key, Intent]:
        """Everything but the strength: the same here means that the engine explores the same."""
        return self.key, replace(self.intent, strength=0.0, effort="")

    @property
    def shows(self) -> tuple[object, ...]:
        """The same here is the same to look at."""
        return *self.explored, self.intent.strength


class Preview(QtCore.QObject):
    """What the compare view shows. `wanted` changes often; work starts when it rests."""

    changed = Signal()

    def __init__(self, requests: Requests, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._requests = requests
        self.ready = self.paused = self.stale = False
        self.blind = False  # no model here can show what it sees
        self.pictures: dict[str, QtGui.QImage] = {}
        self.about = Previewed()
        self.place: Place | None = None
        self.source: Source | None = None  # what the pictures show, as it looked
        self.why: Message | None = None  # when there is no picture
        self.busy = False
        self._wanted: Wanted | None = None
        self._small: tuple[Key, SmallPicture, Source] | None = None
        self._number, self._fine, self._again = 0, False, False
        self._asked: Wanted | None = None
        self.due = self._shows = Due.LOOK  # what is asked for, and what the pictures came from
        self._shown: Wanted | None = None  # what the pictures show, and the model's view
        self._seen: Wanted | None = None
        self._reads: Wanted | None = None
        self._steps: Iterator[SmallPicture | None] | None = None
        self._made: SmallPicture | None = None
        self._look: Generator[None, None, Source] | None = None
        self._picture: Picture | None = None
        self._rest = QtCore.QTimer(self)
        self._rest.setSingleShot(True)
        self._rest.setInterval(REST)
        self._rest.timeout.connect(self._begin)
        self._reading = QtCore.QTimer(self)
        self._reading.setInterval(0)
        self._reading.timeout.connect(self._read_some)

    def want(self, doc: Document, scope: str, intent: Intent, place: Place) -> None:
        """Shows that part of the document under that intent, soon."""
        wanted = wanted_now(doc, scope, intent, place)
        same = self._wanted is not None and self._wanted.explored == wanted.explored
        self._fine = self._fine and same
        if self.pictures and not same:
            self.stale = True
            self.changed.emit()
        self._wanted = wanted
        if not (self.pictures and same):
            self._rest.start(REST if self.pictures else 0)  # a first picture is waited for
        elif not 0 <= self._rest.remainingTime() <= SCALED:  # not put off by every step of a drag
            self._rest.start(SCALED)
        if self.why:
            self.why = None
            self.changed.emit()

    def refresh(self) -> None:
        """The document was painted on: read it again."""
        self._small = self._shown = self._seen = None
        if (wanted := self._wanted) is not None:
            self.want(wanted.doc, wanted.scope, wanted.intent, wanted.place)

    @property
    def awaited(self) -> bool:
        """Whether the picture of what is wanted is on its way: nothing else is worth the time."""
        wanted = self._wanted is not None and self.why is None
        return wanted and self.ready and not self.paused and (self.stale or not self.pictures)

    def clear(self, why: Message | None = None) -> None:
        self._stop()
        self._rest.stop()
        self._wanted, self.pictures, self.why, self.place = None, {}, why, None
        self._small = self.source = self._shown = self._seen = None
        self.changed.emit()

    def forget_engine(self) -> None:
        """Another one has explored nothing yet, and may have other eyes."""
        self.blind, self._shown, self._seen = False, None, None

    def pause(self) -> None:
        """A job is more urgent than what is under way here."""
        if self.busy:
            self._stop()
            self.changed.emit()

    def resume(self) -> None:
        """The engine is free again."""
        if self._wanted is not None:
            self._rest.start(REST)

    def _stop(self) -> None:
        if self._number:
            self._requests.cancel(self._number)
        self._number, self.busy = 0, False
        self._reading.stop()
        self._steps = self._look = self._made = None
        self._close_picture()

    def _close_picture(self) -> None:
        if self._picture is not None:
            self._picture.close()
            self._picture = None

    def _begin(self) -> None:
        if self._wanted is None or not self.ready or self.paused:
            return
        wanted, asked = self._wanted, self._asked
        if self._number and asked is not None and asked.explored == wanted.explored:
            if asked.shows == wanted.shows:
                return
            if self.due in (Due.LOOK, Due.SCALE):
                self._again = True  # the engine scales what it is exploring now: no start anew
                return
        self._stop()
        due = self._next(wanted)
        if due is None:
            self.stale = False
            self.changed.emit()
            return
        self.due = due
        if not wanted.intent.complete:
            self.pictures, self.why = {}, Message("poison_incomplete")
            self.changed.emit()
            return
        self.busy = True
        self.changed.emit()
        if self._small is not None and self._small[0] == wanted.key:
            self._ask(wanted, self._small[1])
            return
        try:
            self._read(wanted)
        except Busy:
            self._rest.start(REST)
        except Refused as error:
            self._fail(error.says)

    def _read(self, wanted: Wanted) -> None:
        """Of the layer that is active now, whichever it is when the reading is done."""
        if not is_open(wanted.doc):
            self.clear()
            return
        wanted = wanted_now(wanted.doc, wanted.scope, wanted.intent, wanted.place)
        self._wanted = wanted
        self._picture, node = take_picture(wanted.doc, wanted.scope, wanted.place, SCREEN)
        ours = own_layer_ids(wanted.doc)
        self._look = looked_at(wanted.doc, node, self._picture.place, ours)
        self._reads, self._steps = wanted, shrink_by_strips(self._picture)
        self._reading.start()

    def _read_some(self) -> None:
        """The small copy from the clone, then how its original looks, to be compared later."""
        assert self._steps is not None and self._reads is not None and self._look is not None
        if not is_open(self._reads.doc):  # closed between two strips
            self.clear()
            return
        try:
            if self._made is None:
                self._made = next(self._steps)
            else:
                next(self._look)
        except Refused as error:
            self._fail(error.says)
        except StopIteration as end:
            small, self._made = self._made, None
            assert small is not None
            self._reading.stop()
            self._close_picture()
            self._steps = self._look = None
            self._small = (self._reads.key, small, end.value)
            self._ask(self._reads, small)

    def _next(self, wanted: Wanted) -> Due | None:
        """What is to be asked for now; None where all of it is there."""
        shown = self._shown
        if shown is None or shown.explored != wanted.explored:
            return Due.LOOK
        if shown.shows != wanted.shows:
            return Due.SCALE
        if self._shows is Due.SCALE:
            return Due.LOOK
        if self.about.finer and not self._fine:
            return Due.FINE
        return None if self.blind or not self.view_is_earlier else Due.VIEW

    @property
    def view_is_earlier(self) -> bool:
        """Whether the model's view is of another strength than the picture, or not there."""
        seen, shown = self._seen, self._shown
        return shown is not None and (seen is None or seen.shows != shown.shows)

    def _ask(self, wanted: Wanted, small: SmallPicture) -> None:
        intent, due = replace(wanted.intent, effort="preview"), self.due
        seconds = FINER if self._fine or due is Due.FINE else FIRST
        sees, scaled = due is Due.VIEW, due is Due.SCALE
        ask = Ask(small.about(), intent, seconds, sees=sees, scaled=scaled, of=small.name)
        self._asked, self._again = wanted, False
        number = self._requests.send(
            ask,
            lambda answer: self._answered(number, answer),
            {} if scaled else small_blobs(small),  # megabytes, many times a second
        )
        self._number = number

    def _answered(self, number: int, answer: Answer) -> None:
        if number != self._number:
            return  # late, of a request that was cancelled
        self._number, self.busy = 0, False
        if answer.kind in ("cancelled", "lost"):
            self.changed.emit()
            return
        if answer.kind == "error" and self.due is Due.SCALE:
            self._shown = None  # the engine has forgotten what it was to scale
            self._rest.start(SCALED)
            return
        if answer.kind == "error":
            self._fail(answer.says)
            return
        assert self._asked is not None
        self.about = about = answer.read(Previewed)
        self.why = None
        kept = self._kept_view()
        self.stale = self._wanted is None or self._asked.explored != self._wanted.explored
        self.pictures = kept | {
            name: image_of(answer.blobs[name], about.width, about.height)
            for name in PICTURES
            if name in answer.blobs
        }
        self._shown, self._shows = self._asked, self.due
        self._fine = self._fine or self.due is Due.FINE
        if self.due is Due.VIEW:
            self._seen = self._asked
            self.blind = not set(SEEN) & set(answer.blobs)
        self.place, self.source = (
            (self._small[1].place, self._small[2]) if self._small else (None, None)
        )
        due = None if self._wanted is None else self._next(self._wanted)
        if self._again or due is not None:
            self._rest.start(SCALED if self._again or due is Due.SCALE else REST)
        self.changed.emit()

    def _kept_view(self) -> dict[str, QtGui.QImage]:
        """A model's view of another strength stays until the new one comes."""
        seen, asked = self._seen, self._asked
        if seen is None or asked is None or seen.explored != asked.explored:
            return {}
        return {name: self.pictures[name] for name in SEEN if name in self.pictures}

    def _fail(self, why: Message) -> None:
        self._stop()
        self.pictures, self.why = {}, why
        self._shown = self._seen = None
        self.changed.emit()


def wanted_now(doc: Document, scope: str, intent: Intent, place: Place) -> Wanted:
    """That part as it is now."""
    if not is_open(doc):
        return Wanted(doc, scope, intent, place, ())
    node = layer_for(doc, scope)
    layer = None if node is None else node.uniqueId().toString()
    chosen = selection_of(doc) if scope == "selection" else None
    key = (key_of(doc), layer, scope, chosen, place, doc.currentTime())
    return Wanted(doc, scope, intent, place, key)
