"""What every benchmark records beside its figures: machine, commit, versions, spread."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
import sys
from pathlib import Path
from typing import Any

from ..places import ROOT

RESULTS = Path(__file__).parent / "results"


def circumstances() -> dict[str, Any]:
    """Machine, commit and versions: without them a figure means nothing."""
    import torch
    from glassine.machine.device import choose

    return {
        "commit": commit(),
        "changed": bool(said("git", "status", "--porcelain", "core")),
        "processor": model(),
        "threads": torch.get_num_threads(),
        "device": str(choose().says),
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "system": platform.platform(),
    }


def machine() -> dict[str, Any]:
    """The same in short, for rows that are measured separately."""
    import torch

    return {
        "commit": commit(),
        "torch": torch.__version__,
        "threads": torch.get_num_threads(),
        "cpus": os.cpu_count(),
        "system": platform.platform(),
    }


def commit() -> str:
    return said("git", "rev-parse", "--short", "HEAD")


def said(*command: str) -> str:
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True).stdout.strip()


def model() -> str:
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.exists() else []
    names = (line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.processor())


def spread(values: list[float]) -> dict[str, float]:
    """Mean, lowest, highest and sample deviation of a list of figures."""
    return {
        "mean": statistics.fmean(values),
        "min": min(values),
        "max": max(values),
        "deviation": statistics.stdev(values) if len(values) > 1 else 0.0,
        "count": len(values),
    }


def kept(name: str, about: dict[str, Any], rows: str) -> dict[str, Any]:
    """The rows of an earlier run with the same settings, so that a long run can be continued."""
    found = read(name) or {}
    same: dict[str, Any] = found[rows] if about.items() <= found.items() else {}
    return same


def read(name: str) -> dict[str, Any] | None:
    """results/NAME.json, or None before anything was measured."""
    path = RESULTS / f"{name}.json"
    found: dict[str, Any] | None = json.loads(path.read_text()) if path.exists() else None
    return found


def save(name: str, figures: dict[str, Any]) -> Path:
    """results/NAME.json, written whole; earlier runs are in the history of the repository."""
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.json"
    path.write_text(json.dumps({"circumstances": circumstances(), **figures}, indent=1) + "\n")
    return path
