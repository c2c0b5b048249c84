"""Numbers requests, sends their pixels a part at a time, and routes what comes back.

Neither side has more than WINDOW bytes under way: parts are sent when earlier ones were received,
one per turn of the event loop, so that Krita stays responsive while a large picture travels.
"""

from __future__ import annotations

import mmap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Literal

from ..canvas.refusals import Refused
from ..qt import QtCore
from ..words.causes import details_of
from ..words.gaps import Message, message, message_from
from .answers import Progress
from .asks import Ask, plain
from .frames import WINDOW
from .process import Engine
from .reading import Json, Value, read

ENDED = Message("engine_ended")  # and is not being started again


@dataclass(frozen=True)
class Blob:
    """Bytes that are on their way to the engine; `parts` is read as they are sent."""

    size: int
    parts: Iterator[bytes]


@dataclass
class Call:
    """One request.

    ended      called once, with the answer
    outgoing   name and parts of blobs that are not sent yet
    under_way  bytes that were sent and not received yet
    incoming   the answer's blobs, `filled` so far to that byte
    """

    number: int
    progress: Callable[[Progress], None]
    ended: Callable[[Answer], None]
    outgoing: list[tuple[str, Iterator[bytes]]]
    under_way: int = 0
    incoming: dict[str, memoryview] = field(default_factory=dict)
    filled: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """How a request ended: with a result, an error, cancelled, or engine lost.

    error  the engine's name for what went wrong; `says` is for the artist
    """

    kind: Literal["result", "error", "cancelled", "lost"]
    result: Json = field(default_factory=dict)
    blobs: dict[str, memoryview] = field(default_factory=dict)
    error: str = ""
    says: Message = field(default_factory=lambda: Message(""))

    def read(self, kind: type[Value]) -> Value:
        """The result as a value of `answers`."""
        return read(kind, self.result)


def empty_memory(size: int) -> memoryview:
    """Memory of that size, whose pages come as they are used. A bytearray is filled with zeros at
    once, and 256 MB of them take a tenth of a second in which nobody can paint."""
    return memoryview(mmap.mmap(-1, size)) if size else memoryview(bytearray())


class Requests(QtCore.QObject):
    def __init__(self, engine: Engine, parent: QtCore.QObject | None = None) -> None:
        super().__init__(parent)
        self._engine, self._calls, self._next = engine, {}, 1
        engine.frame.connect(self._receive)
        engine.lost.connect(self._lost)
        self._pump = QtCore.QTimer(self)
        self._pump.setInterval(0)
        self._pump.timeout.connect(self._send_one)

    _calls: dict[int, Call]

    @property
    def ready(self) -> bool:
        return self._engine.condition.name == "ready"

    def can(self, method: str) -> bool:
        """Whether this engine is ready and knows that method."""
        condition = self._engine.condition
        return condition.name == "ready" and method in condition.hello.methods

    def send(
        self,
        ask: Ask,
        ended: Callable[[Answer], None],
        blobs: dict[str, Blob] | None = None,
        progress: Callable[[Progress], None] = lambda about: None,
    ) -> int:
        """Asks the engine; returns the request's number, which `cancel` wants."""
        number, blobs = self._next, blobs or {}
        self._next += 1
        outgoing = [(name, blob.parts) for name, blob in blobs.items()]
        call = self._calls[number] = Call(number, progress, ended, outgoing)
        sizes = {name: blob.size for name, blob in blobs.items()}
        body = {"id": number, "method": ask.method, "ask": plain(ask), "blobs": sizes}
        sent = self._engine.send(body)
        if not sent:  # the caller does not know the number yet
            QtCore.QTimer.singleShot(0, lambda: self._end(call, Answer("lost", says=ENDED)))
        elif outgoing:
            self._pump.start()
        return number

    def cancel(self, number: int) -> None:
        """Takes the request back: the engine answers that at once, and tells no more of it."""
        if number in self._calls:
            self._calls[number].outgoing.clear()
            self._engine.send({"id": number, "cancel": True})

    def _send_one(self) -> None:
        """One part of one request, if there is room for it."""
        busy = [call for call in self._calls.values() if call.outgoing]
        if not busy:
            self._pump.stop()
            return
        call = busy[0]
        if call.under_way >= WINDOW or self._engine.waiting() >= WINDOW:
            self._pump.setInterval(1)
            return
        self._pump.setInterval(0)
        name, parts = call.outgoing[0]
        try:
            part = next(parts)
        except StopIteration:
            call.outgoing.pop(0)
            return
        except Exception as error:  # reading from Krita failed: tell it like any other failure
            self._engine.send({"id": call.number, "cancel": True})
            says = message("not_read", details=details_of(error))
            says = error.says if isinstance(error, Refused) else says
            self._end(call, Answer("error", error=type(error).__name__, says=says))
            return
        call.under_way += len(part)
        self._engine.send({"id": call.number, "blob": name}, part)

    def _receive(self, body: Json, blob: bytes) -> None:
        number = body.get("id")
        call = self._calls.get(number) if isinstance(number, int) else None
        if call is None:
            return
        if not fits(call, body, blob):
            self._engine.stray(f"Not an answer: {str(body)[:200]}")
            return
        if "progress" in body:
            call.progress(read(Progress, body["progress"]))
        elif "got" in body:
            call.under_way -= body["got"]
        elif "blobs" in body:
            call.incoming = {name: empty_memory(size) for name, size in body["blobs"].items()}
            call.filled = dict.fromkeys(call.incoming, 0)
        elif "blob" in body:
            self._take(call, body["blob"], blob)
        elif "result" in body:
            self._end(call, Answer("result", body["result"], call.incoming))
        elif "cancelled" in body:
            self._end(call, Answer("cancelled"))
        elif "error" in body:
            says = message_from(body.get("message")) or Message(body["error"])
            self._end(call, Answer("error", error=body["error"], says=says))

    def _take(self, call: Call, name: str, blob: bytes) -> None:
        start = call.filled[name]
        call.incoming[name][start : start + len(blob)] = blob
        call.filled[name] = start + len(blob)
        self._engine.send({"id": call.number, "got": len(blob)})

    def _end(self, call: Call, answer: Answer) -> None:
        if self._calls.pop(call.number, None) is not None:
            call.ended(answer)

    def _lost(self) -> None:
        again = self._engine.condition.name == "starting"
        for call in list(self._calls.values()):
            self._end(call, Answer("lost", says=Message("engine_lost") if again else ENDED))


def fits(call: Call, body: Json, blob: bytes) -> bool:
    """Whether a frame has the types that it must have; a later engine may send more fields."""
    if "got" in body:
        return isinstance(body["got"], int)
    if "blobs" in body:
        sizes = body["blobs"]
        return isinstance(sizes, dict) and all(is_size(one) for one in sizes.values())
    if "blob" in body:
        start = call.filled.get(str(body["blob"]))
        return start is not None and start + len(blob) <= len(call.incoming[body["blob"]])
    if "result" in body:
        whole = all(call.filled[name] == len(part) for name, part in call.incoming.items())
        return isinstance(body["result"], dict) and whole
    return isinstance(body.get("error", ""), str)


def is_size(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
