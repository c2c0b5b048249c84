"""Ending the process at once on a signal, after the duties that tidy up unfinished work.

A signal that raised an exception would raise it between any two steps: in a library's callback,
which prints or swallows it, or in the tidying that an earlier signal began. So nothing is raised.
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
"""Signals that ask a program to stop: Ctrl-C, kill, a closed terminal."""

_duties: dict[object, Callable[[], object]] = {}


@contextmanager
def at_end(duty: Callable[[], object]) -> Iterator[None]:
    """Within it, `leave` calls the duty before it ends the process."""
    key = object()
    _duties[key] = duty
    try:
        yield
    finally:
        _duties.pop(key, None)


def leave(code: int) -> NoReturn:
    """Does every duty, the newest first, and ends the process; further signals are ignored."""
    unheard()
    for duty in reversed(list(_duties.values())):
        with suppress(Exception):
            duty()
    os._exit(code)


def unheard() -> None:
    """Ignores signals that ask to stop, from here on."""
    for number in SIGNALS:
        signal.signal(number, signal.SIG_IGN)


@contextmanager
def held() -> Iterator[None]:
    """Within it, signals wait until its end; a process that is started meanwhile blocks them too.

    That process unblocks them with `let_in` once its handlers are set. A Ctrl-C reaches every
    process on the terminal, and would else meet a Python that is still loading.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # Python handles signals in the main thread only
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
    """Unblocks the signals that `held` blocked when it started this process."""
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
