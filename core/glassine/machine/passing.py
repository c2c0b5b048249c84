"""A temporary folder that is removed at the end, even where the process is killed before."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_WIPE = """
import os, shutil, signal, sys
if hasattr(os, "fork") and os.fork():
    os._exit(0)
signal.signal(signal.SIGINT, signal.SIG_IGN)
sys.stdin.buffer.read()
shutil.rmtree(sys.argv[1], ignore_errors=True)
"""
"""Program of the process that removes the folder. It forks away from its parent, because Ray kills
the children of a worker that it ends."""


@contextmanager
def passing_folder(prefix: str) -> Iterator[Path]:
    """An empty folder that only this user may open.

    A second, small process holds the other end of a pipe. However this process ends, even by signal
    9, the pipe closes and the folder is removed; it stays only where the machine itself stops.
    """
    folder = tempfile.mkdtemp(prefix=prefix)
    command = [sys.executable, "-I", "-S", "-c", _WIPE, folder]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as wiper:
            if sys.platform != "win32":
                wiper.wait()  # until it has forked: its child watches
            yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
