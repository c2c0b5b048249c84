"""Start-up times: of `glassine --help`, and until the engine's first frame.

    python -m lab.bench.start [--runs 7]

Whole processes are timed from outside, with this interpreter; the first run of each does not count.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import time

from ..places import ROOT
from .record import save

ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT / "core")}


def help_seconds() -> float:
    started = time.perf_counter()
    command = [sys.executable, "-m", "glassine.cli", "--help"]
    subprocess.run(command, check=True, capture_output=True, env=ENVIRONMENT)
    return time.perf_counter() - started


def hello_seconds() -> float:
    """Seconds until the first frame arrives: device chosen, catalogue written, ready for work."""
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-m", "glassine.service"],
        env=ENVIRONMENT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as engine:
        assert engine.stdin and engine.stdout
        engine.stdout.read(12)  # the head of the hello
        seconds = time.perf_counter() - started
        engine.stdin.close()
    return seconds


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--runs", type=int, default=7)
    runs = asked.parse_args().runs
    table = {}
    for name, measure in (("help", help_seconds), ("engine ready", hello_seconds)):
        measure()
        seconds = [measure() for _ in range(runs)]
        table[name] = {
            "median": statistics.median(seconds),
            "min": min(seconds),
            "max": max(seconds),
            "runs": runs,
        }
        print(name, table[name])
    save("start", {"seconds": table})


if __name__ == "__main__":
    main()
