"""python -m glassine.site.sweep FOLDER SECONDS: deletes jobs older than SECONDS.

A process of its own beside the service: a picture is gone after its time even if the service was
killed, hangs, or never comes back. The service holds the other end of a pipe, which closes however
it ends, on every system; the sweeper ends then, as soon as nothing is left.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from threading import Event, Thread

_PAUSE = 30.0  # seconds between two looks, at most


def job_folder(root: Path, name: str) -> Path:
    """A new folder for one job; its name begins with when it was made."""
    folder = root / f"{time.time():.3f}-{name}"
    folder.mkdir(mode=0o700)
    return folder


def age(folder: Path) -> float:
    """Of a job's folder, in seconds; infinite where its name does not begin with a time."""
    try:
        return time.time() - float(folder.name.partition("-")[0])
    except ValueError:
        return float("inf")


def swept(root: Path, keep: float) -> int:
    """Deletes folders older than so many seconds, and returns how many are left."""
    left = 0
    for folder in root.iterdir() if root.is_dir() else ():
        if age(folder) < keep:
            left += 1
        else:
            shutil.rmtree(folder, ignore_errors=True)
    return left


def started(root: Path, keep: float) -> subprocess.Popen[bytes]:
    """The process that looks after that folder from now on, whatever happens to this one."""
    command = [sys.executable, "-m", __name__, str(root), str(keep)]
    return subprocess.Popen(command, start_new_session=True, stdin=subprocess.PIPE)


def end_of_pipe() -> Event:
    """An event that is set when the process at the other end of stdin is gone."""
    gone = Event()

    def wait() -> None:
        sys.stdin.buffer.read()
        gone.set()

    Thread(target=wait, daemon=True).start()
    return gone


def watch_over(root: Path, keep: float, gone: Event) -> None:
    """Sweeps until the service is gone and nothing is left, then removes the folder."""
    while swept(root, keep) or not gone.is_set():
        time.sleep(min(_PAUSE, keep / 4))
    with suppress(OSError):
        root.rmdir()


if __name__ == "__main__":
    watch_over(Path(sys.argv[1]), float(sys.argv[2]), end_of_pipe())
