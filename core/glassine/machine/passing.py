"""A folder for what must not stay: gone at the end, and also where the process is killed first."""

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
"""It leaves its parent: Ray kills the children of a worker that it ends."""


@contextmanager
def passing_folder(prefix: str) -> Iterator[Path]:
    """An empty one that only this user may open.

    A second, small process holds the other end of a pipe. However this process ends, signal 9
    included, the pipe closes and the folder goes; only a machine that stops keeps it.
    """
    folder = tempfile.mkdtemp(prefix=prefix)
    command = [sys.executable, "-I", "-S", "-c", _WIPE, folder]
    try:
        with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True) as wiper:
            if sys.platform != "win32":
                wiper.wait()  # until it watches
            yield Path(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
