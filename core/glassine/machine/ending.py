"""Ending at once, from a signal: what is half there is put in order, and the process is gone.

An exception that a signal throws lands between any two steps: in a library's callback, which
prints or swallows it, or in the clearing away that an earlier one began. Nothing is thrown here.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

SIGNALS = tuple(
    getattr(signal, name)
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
    if hasattr(signal, name)
)
"""Those that ask a program to stop: Ctrl-C, a polite kill, a terminal that was closed."""

_duties: dict[object, Callable[[], object]] = {}


@contextmanager
def at_end(duty: Callable[[], object]) -> Iterator[None]:
    """In its context the process does not end without that being done."""
    key = object()
    _duties[key] = duty
    try:
        yield
    finally:
        _duties.pop(key, None)


def leave(code: int) -> NoReturn:
    """Does every duty, the newest first, and ends this process; a second signal changes nothing."""
    unheard()
    for duty in reversed(list(_duties.values())):
        with suppress(Exception):
            duty()
    os._exit(code)


def unheard() -> None:
    """From here on signals that ask to stop are too late."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """Signals wait until the end; a process that is started meanwhile is born holding them back.

    It lets them in with `let_in`, once it knows what to do: until then a Ctrl-C on a terminal,
    which every process there gets, would meet a Python that is just loading.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # no other thread is ever interrupted
        return
    came: list[int] = []
    mask = getattr(signal, "pthread_sigmask", None)
    masked = mask(signal.SIG_BLOCK, SIGNALS) if mask else ()
    before = [signal.signal(number, lambda number, _: came.append(number)) for number in SIGNALS]
    try:
        yield
    finally:
        if mask:
            mask(signal.SIG_SETMASK, masked)
        for number, handler in zip(SIGNALS, before, strict=True):
            signal.signal(number, handler)
    if came:
        signal.raise_signal(came[0])


def let_in() -> None:
    """Signals that `held` kept from this process come now."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
