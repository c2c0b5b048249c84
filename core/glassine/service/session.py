"""One conversation with Krita: requests in, progress and answers out, cancel at any time."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from threading import Condition, Event, Lock
from typing import TYPE_CHECKING

from ..causes import details_of, ran_out_of_memory
from ..errors import Cancelled, GlassineError, reason_of
from ..machine.loading import kept_for_good
from ..messages import Message, message, to_plain
from ..plain import plain
from ..types import Progress
from .call import Answer, Json
from .frames import PART, WINDOW, pack

if TYPE_CHECKING:
    from .state import State

LARGEST = 1 << 33  # bytes of one picture; more is a mistake in the request
PACE = 0.05  # seconds between progress frames: a bar needs no more


@dataclass
class Call:
    """One request while it is served.

    blobs      fill up before the work starts
    under_way  bytes of the answer that were sent and not received yet
    told       when progress was last sent, on the monotonic clock
    """

    number: int
    method: str
    ask: Json
    sizes: dict[str, int]
    blobs: dict[str, bytearray] = field(default_factory=dict)
    stop: Event = field(default_factory=Event)
    under_way: int = 0
    told: float = 0.0

    def complete(self) -> bool:
        return all(len(self.blobs.get(name, b"")) >= size for name, size in self.sizes.items())


def mishap(error: Exception) -> tuple[str, Message]:
    """An unforeseen error: its name in the frame, and the message."""
    if ran_out_of_memory(error):
        return "OutOfMemory", message("service.memory", details=details_of(error))
    return "Bug", message("service.bug", reason=reason_of(error))


class Session:
    """Runs one request at a time on a worker thread, so that cancel is heard while it works."""

    def __init__(self, write: Callable[[memoryview], int | None]) -> None:
        self._write, self._lock, self._room = write, Lock(), Condition()
        self._worker = ThreadPoolExecutor(1)
        self._calls: dict[int, Call] = {}
        self._state: State | None = None  # made by the worker: it takes torch

    def greet(self) -> None:
        """The first frame: who is here, on which device, and everything there is to choose."""
        self._worker.submit(self._hello)

    def receive(self, body: Json, blob: bytes) -> None:
        """Called for every frame, on the thread that reads stdin; never blocks."""
        number = body.get("id")
        call = self._calls.get(number) if isinstance(number, int) else None
        if "method" in body:
            self._open(body)
        elif call is None:
            return  # a late part or receipt of a call that has ended
        elif body.get("cancel"):
            self._cancel(call)
        elif "blob" in body:
            self._part(call, body["blob"], blob)
        elif "got" in body:
            with self._room:
                call.under_way -= body["got"]
                self._room.notify_all()

    def _open(self, body: Json) -> None:
        call = Call(body["id"], body["method"], body.get("ask", {}), body.get("blobs", {}))
        self._calls[call.number] = call
        for name, size in call.sizes.items():
            if not 0 < size <= LARGEST:
                said = message("service.blob_size", name=name, size=size)
                self._fail(call, "NotUsable", said)
                return
            call.blobs[name] = bytearray()
        self._worker.submit(self._serve if call.complete() else self._check, call)

    def _part(self, call: Call, name: str, part: bytes) -> None:
        if name not in call.sizes or call.complete():
            return
        call.blobs[name] += part
        self._send({"id": call.number, "got": len(part)})
        if call.complete():
            self._worker.submit(self._serve, call)

    def _cancel(self, call: Call) -> None:
        """Answered at once; the worker hears of it at its next operation, and the next request
        then begins."""
        call.stop.set()
        with self._room:
            self._room.notify_all()
        self._close(call)
        self._send({"id": call.number, "cancelled": True})

    def _hello(self) -> None:
        try:
            with kept_for_good():
                from .methods import hello  # here: torch takes seconds; stdin is read meanwhile

                self._send({"hello": hello(self._remembered())})
        except BaseException as error:
            traceback.print_exc()
            self._send({"failed": f"{type(error).__name__}: {error}"})
            return
        from .warming import to_load

        self._worker.submit(self._load_ahead, to_load(self._remembered()))

    def _load_ahead(self, left: Iterator[Callable[[], object]]) -> None:
        """Loads one part of what a first preview needs; whatever was asked for meanwhile goes
        before the next part. The request that needs what cannot be loaded tells why."""
        with suppress(Exception), kept_for_good():
            if (load := next(left, None)) is None:
                return
            load()
        self._worker.submit(self._load_ahead, left)

    def _check(self, call: Call) -> None:
        """Refuses what is wrong whatever the pixels are, while these are still on their way."""
        from .methods import method_named

        with self._errors_told(call):
            method_named(call.method).check(call.ask)

    def _serve(self, call: Call) -> None:
        from .interruption import Interruptible
        from .methods import method_named

        if self._calls.get(call.number) is not call:
            return  # cancelled or refused meanwhile
        with self._errors_told(call):
            method, state = method_named(call.method), self._remembered()
            with Interruptible(call.stop):
                answer = method(call.ask, call.blobs, lambda now: self._watch(call, now), state)
            self._deliver(call, answer)
            self._close(call)

    @contextmanager
    def _errors_told(self, call: Call) -> Iterator[None]:
        """An exception in its block becomes the answer to the call."""
        try:
            yield
        except Cancelled:
            pass  # answered when it was asked for
        except GlassineError as error:
            self._fail(call, type(error).__name__, error.message)
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            self._fail(call, *mishap(error))

    def _remembered(self) -> State:
        from .state import State

        self._state = self._state or State()
        return self._state

    def _close(self, call: Call) -> None:
        """Only this very call: its number may be another's by the time the worker gets here."""
        if self._calls.get(call.number) is call:
            self._calls.pop(call.number, None)

    def _watch(self, call: Call, progress: Progress) -> None:
        if call.stop.is_set():
            raise Cancelled("service.stopped")
        now = time.monotonic()
        if now - call.told < PACE and progress.done < progress.total:
            return
        call.told = now
        self._send({"id": call.number, "progress": plain(progress)})

    def _deliver(self, call: Call, answer: Answer) -> None:
        sizes = {name: len(memoryview(blob).cast("B")) for name, blob in answer.blobs.items()}
        self._send({"id": call.number, "blobs": sizes})
        for name, blob in answer.blobs.items():
            view = memoryview(blob).cast("B")
            for start in range(0, len(view), PART):
                part = view[start : start + PART]
                self._wait_for_room(call, len(part))
                self._send({"id": call.number, "blob": name}, part)
        self._send({"id": call.number, "result": plain(answer.result)})

    def _wait_for_room(self, call: Call, size: int) -> None:
        with self._room:
            self._room.wait_for(lambda: call.stop.is_set() or call.under_way + size <= WINDOW)
            call.under_way += size
        if call.stop.is_set():
            raise Cancelled("service.stopped")

    def _fail(self, call: Call, kind: str, said: Message) -> None:
        self._close(call)
        if not call.stop.is_set():
            self._send({"id": call.number, "error": kind, "message": to_plain(said)})

    def _send(self, body: Json, blob: bytes | memoryview = b"") -> None:
        with self._lock:
            frame = memoryview(pack(body, blob))
            while frame:
                frame = frame[self._write(frame) or 0 :]
