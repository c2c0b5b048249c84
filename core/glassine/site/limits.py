"""What one caller may ask of the service."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from time import monotonic

from ..messages import Message, message

HOUR = 3600.0  # seconds


@dataclass(frozen=True)
class Limits:
    """What the service takes.

    bytes    of one upload
    pixels   of one picture
    waiting  jobs that wait for a worker, of all callers together
    each     jobs of one caller that wait or are worked on; also uploads of one that arrive at once
    hourly   jobs that one caller may begin in an hour
    keep     seconds after which a job is deleted, whatever became of it
    patience seconds in which an upload has to begin, and in which a request's head has to be here
    rate     bytes per second that an upload must keep up on average after that
    uploads  that arrive at the same time
    """

    bytes: int = 32 << 20
    pixels: int = 24_000_000
    waiting: int = 50
    each: int = 4
    hourly: int = 60
    keep: float = HOUR
    patience: float = 20.0
    rate: float = 16_384.0
    uploads: int = 32


class Refused(Exception):
    """What a caller is told instead of an answer, with its HTTP status.

    after  seconds until another try may succeed; 0: none will
    """

    def __init__(self, status: int, said: Message, after: float = 0.0) -> None:
        super().__init__(str(said))
        self.status, self.said, self.after = status, said, after


class Allowance:
    """How many jobs each caller may still begin: a bucket that fills up again over an hour."""

    def __init__(self, hourly: int) -> None:
        self._hourly, self._lock = hourly, Lock()
        self._left: dict[str, tuple[float, float]] = {}  # jobs left, and when that was so

    def take(self, caller: str) -> None:
        """One job of that caller; raises where none is left."""
        with self._lock:
            left = self._now(caller)
            if left < 1:
                wait = (1 - left) * HOUR / self._hourly
                raise Refused(429, message("serve.too_often", number=self._hourly), wait)
            self._left[caller] = (left - 1, monotonic())

    def _now(self, caller: str) -> float:
        self._forget()
        left, when = self._left.get(caller, (float(self._hourly), monotonic()))
        return min(self._hourly, left + (monotonic() - when) * self._hourly / HOUR)

    def _forget(self) -> None:
        """Forgets callers whose allowance is full again: nothing of them needs to be kept."""
        old = monotonic() - HOUR
        for caller in [name for name, (_, when) in self._left.items() if when < old]:
            del self._left[caller]
