"""What becomes of memory that was freed."""

import ctypes
import resource
import sys

import pytest
import torch
from glassine.machine import memory

BLOCK, TIMES = 16 << 20, 20


def faults() -> int:
    """Pages that the kernel gave to this process while it filled and freed such blocks."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(TIMES):
        torch.empty(BLOCK, dtype=torch.uint8).fill_(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(
    sys.platform != "linux" or not hasattr(ctypes.CDLL(None), "mallopt"),
    reason="only glibc can be told what to keep",
)
def test_after_a_search_memory_is_still_used_again():
    """What comes after a search frees and asks for large blocks too: a watermark, the judges."""
    with memory.reused():
        during = faults()
    afterwards = faults()
    pages = BLOCK // resource.getpagesize()
    assert during < 3 * pages, "of twenty blocks at most the first ones are new"
    assert afterwards < 3 * pages
