"""python -m glassine.site.sweep FOLDER SECONDS PID: deletes jobs older than SECONDS.

A process of its own beside the service, whose process is PID: a picture is gone after its time even
if the service was killed, hangs, or never comes back. It ends when the service is gone and nothing
is left.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

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
    command = [sys.executable, "-m", __name__, str(root), str(keep), str(os.getpid())]
    return subprocess.Popen(command, start_new_session=True, stdin=subprocess.DEVNULL)


def alive(pid: int) -> bool:
    """Whether that process is still the one that started this."""
    return os.getppid() == pid


def watch_over(root: Path, keep: float, pid: int) -> None:
    """Sweeps until the service is gone and nothing is left, then removes the folder."""
    while swept(root, keep) or alive(pid):
        time.sleep(min(_PAUSE, keep / 4))
    with suppress(OSError):
        root.rmdir()


if __name__ == "__main__":
    watch_over(Path(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
