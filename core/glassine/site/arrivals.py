"""Requests that are arriving: how fast they have to come, and who makes room for whom."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from dataclasses import dataclass, field
from time import monotonic
from typing import Any

from uvicorn.protocols.http.auto import AutoHTTPProtocol

from ..messages import message
from .limits import Limits, Refused

_GRACE = 2.0  # seconds in which no upload has to make room for another
_LOOK = 0.5  # seconds between two looks at whether it has to

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]


@dataclass(eq=False)
class Upload:
    """One upload under way: whose, since when, how many bytes of it are here, and whether its place
    was given to another."""

    caller: str
    begun: float = field(default_factory=monotonic)
    got: int = 0
    dropped: bool = False

    def pace(self) -> float:
        """Bytes per second so far."""
        return self.got / max(monotonic() - self.begun, 0.001)


def begun_upload(arriving: list[Upload], caller: str, limits: Limits) -> Upload:
    """A new upload, noted among those that arrive; raises Refused where there is no room.

    Where all places are taken, the slowest makes room if it is too slow: clients that hold
    connections open keep nobody else out.
    """
    if sum(one.caller == caller for one in arriving) >= limits.each:
        raise Refused(429, message("serve.too_many", number=limits.each), 10)
    if len(arriving) >= limits.uploads:
        slow = [one for one in arriving if monotonic() - one.begun > _GRACE]
        slow = [one for one in slow if one.pace() < limits.rate]
        if not slow:
            raise Refused(503, message("serve.full"), 10)
        worst = min(slow, key=Upload.pace)
        worst.dropped = True
        arriving.remove(worst)
    upload = Upload(caller)
    arriving.append(upload)
    return upload


def ended_upload(arriving: list[Upload], upload: Upload) -> None:
    if upload in arriving:
        arriving.remove(upload)


def hurried(receive: Receive, upload: Upload, limits: Limits) -> Receive:
    """`receive`, raising Refused where the body is too large, or arrives too slowly, or makes room
    for another's."""

    async def arriving() -> MutableMapping[str, Any]:
        coming = asyncio.ensure_future(receive())
        try:
            while not coming.done():
                left = upload.begun + limits.patience + upload.got / limits.rate - monotonic()
                if left <= 0:
                    raise Refused(408, message("serve.too_slow"))
                if upload.dropped:
                    raise Refused(503, message("serve.full"), 10)
                await asyncio.wait((coming,), timeout=min(left, _LOOK))
        finally:
            coming.cancel()
        part = coming.result()
        upload.got += len(part.get("body", b""))
        if upload.got > limits.bytes:
            raise Refused(413, message("serve.too_many_bytes", most=limits.bytes / (1 << 20)))
        return part

    return arriving


def hasty(seconds: float) -> type[asyncio.Protocol]:
    """uvicorn's protocol, closing connections on which no whole head of a request comes in time."""

    class Hasty(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
        _late: asyncio.TimerHandle | None = None

        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            super().connection_made(transport)
            self._look()

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            self._look()

        def connection_lost(self, error: Exception | None) -> None:
            super().connection_lost(error)
            self._unset()

        def _look(self) -> None:
            if self.cycle is not None and not self.cycle.response_complete:
                self._unset()
            elif self._late is None:
                self._late = asyncio.get_running_loop().call_later(seconds, self._close)

        def _unset(self) -> None:
            if self._late is not None:
                self._late.cancel()
            self._late = None

        def _close(self) -> None:
            self._late = None
            if self.cycle is None or self.cycle.response_complete:
                self.transport.close()

    return Hasty
