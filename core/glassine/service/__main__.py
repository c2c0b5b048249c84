"""python -m glassine.service: frames on stdin, frames on stdout, ends when stdin closes."""

from __future__ import annotations

import os
import sys

from ..machine.threads import wait_asleep
from .frames import NotAFrame, Unpacker
from .session import Session


def main() -> None:
    wait_asleep()
    be_modest()
    out = os.dup(1)
    os.dup2(2, 1)  # a stray print must not end up inside a frame
    if sys.platform == "win32":
        import msvcrt

        msvcrt.setmode(0, os.O_BINARY)
        msvcrt.setmode(out, os.O_BINARY)
    with os.fdopen(out, "wb", buffering=0) as frames:
        session, unpacker = Session(frames.write), Unpacker()
        session.greet()
        try:
            while chunk := os.read(0, 1 << 20):
                for body, blob in unpacker.feed(chunk):
                    session.receive(body, blob)
        except NotAFrame as error:
            sys.stderr.write(f"{error}\n")
            os._exit(2)
    os._exit(0)  # Krita is gone: whatever is being computed has nobody left to receive it


def be_modest() -> None:
    """Lowers this process's priority: painting comes first."""
    if hasattr(os, "nice"):
        os.nice(5)
    elif sys.platform == "win32":
        import ctypes

        below_normal = 0x4000
        windows = ctypes.windll.kernel32
        windows.SetPriorityClass(windows.GetCurrentProcess(), below_normal)


if __name__ == "__main__":
    main()
