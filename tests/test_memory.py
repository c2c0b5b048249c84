"""What becomes of memory that was freed, and of threads that wait."""

import ctypes
import os
import resource
import subprocess
import sys
from importlib import import_module

import pytest
import torch
from glassine.machine import memory

BLOCK, TIMES = 16 << 20, 20


def faults() -> int:
    """Pages that the kernel gave to this process while it filled and freed such blocks; the fewest
    of a few tries, since a kernel that is short of memory may take pages away meanwhile."""
    return min(faults_of_once() for _ in range(5))


def faults_of_once() -> int:
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


# --- threads -------------------------------------------------------------------------------------

ASKED = """
import os, sys
from glassine.cli import main
try:
    main(["--version"])
except SystemExit:
    assert "torch" not in sys.modules
    print(os.environ["OMP_WAIT_POLICY"])
"""


@pytest.mark.parametrize(("own", "kept"), [("", "PASSIVE"), ("ACTIVE", "ACTIVE")])
def test_waiting_threads_sleep_unless_somebody_wants_otherwise(own, kept):
    """Decided before torch is loaded, which reads it once."""
    given = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    given |= {"OMP_WAIT_POLICY": own} if own else {}
    asked = [sys.executable, "-c", ASKED]
    done = subprocess.run(asked, env=given, capture_output=True, text=True, check=True)
    assert done.stdout.split()[-1] == kept


def test_so_do_those_of_kritas_engine(monkeypatch):
    monkeypatch.delenv("OMP_WAIT_POLICY", raising=False)
    program = import_module("glassine.service.__main__")

    def stop():
        raise InterruptedError

    monkeypatch.setattr(program, "be_modest", stop)
    with pytest.raises(InterruptedError):
        program.main()
    assert os.environ["OMP_WAIT_POLICY"] == "PASSIVE"
