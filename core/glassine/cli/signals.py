"""Signals that stop a command: heard from its first moment to its last. Loads nothing."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import suppress
from types import FrameType

from ..machine.ending import SIGNALS, leave

STOPPED = 130
_CURSOR = b"\x1b[?25h\n"  # shows the cursor again, which a progress bar hides

_words = b""


def listen() -> None:
    """From here on a signal ends the process at once, with everything in order.

    A signal that the process was started to ignore (nohup, a background job) stays ignored.
    """
    for number in SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def say(words: str) -> None:
    """Sets the words that `stop` prints; until then it prints none."""
    global _words
    _words = words.encode(errors="backslashreplace") + b"\n"


def stop(number: int, frame: FrameType | None) -> None:
    with suppress(OSError, ValueError):  # the terminal may be gone
        os.write(2, (_CURSOR if sys.stderr.isatty() else b"") + _words)
    leave(STOPPED)
