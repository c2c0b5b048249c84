"""Signals that stop a command: heard from its first moment to its last. Loads nothing."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from ..machine.ending import SIGNALS, leave

STOPPED = 130
_CURSOR = b"\x1b[?25h\n"  # a bar hides it

_words = b""


def listen() -> None:
    """From here on a signal ends the process at once, with everything in order.

    What was started to ignore one (nohup, a job in a script's background) goes on ignoring it.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def say(words: str) -> None:
    """What is said then; nothing before the words are there."""
    global _words
    _words = words.encode(errors="backslashreplace") + b"\n"


def stop(number: int, frame: FrameType | None) -> None:
    with suppress(OSError, ValueError):  # the terminal may be gone
        os.write(2, (_CURSOR if sys.stderr.isatty() else b"") + _words)
    leave(STOPPED)
