"""How much memory this machine can still give, and how large a picture fits into it."""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil

from ..errors import NotUsable
from ..messages import Field

_BYTES_PER_PIXEL = 90
"""Peak memory per pixel of reading, optimising, verifying and encoding: about seven float32
pictures."""

_ENGINE = 1200 << 20
"""Bytes of a process with torch, the networks and the judges loaded."""

_VIEWED, _BYTES_PER_VIEWED_PIXEL = 1152**2, 1300
"""Pixels that a step sees at most at once (explore/views.py), and what each takes meanwhile; in
all, with the page, 1.4 GB were measured for a picture of 512 px, 2.2 GB for 1024 px and 2.8 GB for
2048 px."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _MMAP_MAX = -1, -3, -4  # malloc.h

_BLOCK = 32 << 20  # bytes; the largest block that glibc keeps instead of returning it, on 64 bits

_CGROUP = ("memory.max", "memory/memory.limit_in_bytes")  # containers, version 2 and 1


def available() -> int:
    """Bytes that can be used without swapping, within a container's limit."""
    free = int(psutil.virtual_memory().available)
    for name in _CGROUP:
        try:
            limit = int((Path("/sys/fs/cgroup") / name).read_text())
        except (OSError, ValueError):  # not Linux, no container, or "max"
            continue
        free = min(free, limit - psutil.Process().memory_info().rss)
    return max(free, 0)


def needed(pixels: int) -> int:
    """Bytes that a process needs at most for a picture of so many pixels."""
    viewed = min(pixels, _VIEWED)
    return _ENGINE + pixels * _BYTES_PER_PIXEL + viewed * _BYTES_PER_VIEWED_PIXEL


def largest_side() -> int:
    """Side in pixels of the largest square picture that fits now, rounded down to hundreds."""
    return int((available() // _BYTES_PER_PIXEL) ** 0.5) // 100 * 100


def check_fits(width: int, height: int, what: Field) -> None:
    """Raises NotUsable for a picture that would not fit, before anything is decoded."""
    if width * height > available() // _BYTES_PER_PIXEL:
        raise NotUsable(
            "memory.too_large", what=what, width=width, height=height, side=largest_side()
        )


@contextmanager
def reused() -> Iterator[None]:
    """Within it, the process keeps freed memory for reuse and does not return it to the system.

    A gradient frees and allocates the same dozens of megabytes layer by layer. glibc returns blocks
    of that size to the kernel each time, which then zeroes every page anew: this takes an eighth
    to a fifth of the time on a CPU. Without glibc (Windows, macOS, musl) nothing is done.

    Afterwards blocks of up to 32 MB are still kept, and 64 MB in all. glibc adapts to such limits
    by itself, but no longer once a limit was set; with its initial limit of 128 kB a watermark took
    two and a half times as long after a search as before one.
    """
    try:
        libc = ctypes.CDLL("libc.so.6")
        settle = libc.mallopt
    except (OSError, AttributeError):
        yield
        return
    settle(_MMAP_MAX, 0)
    settle(_TRIM_THRESHOLD, 2**31 - 1)
    try:
        yield
    finally:
        settle(_MMAP_MAX, 65536)  # glibc's own default
        settle(_MMAP_THRESHOLD, _BLOCK)
        settle(_TRIM_THRESHOLD, 2 * _BLOCK)
        libc.malloc_trim(0)
