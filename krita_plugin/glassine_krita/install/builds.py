"""The ways to install torch, and how large each is: builds.json, made by packaging/sizes.py."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

INDEX = "https://download.pytorch.org/whl/"


@dataclass(frozen=True)
class Build:
    """One way to install torch. Sizes are what is downloaded and what lies on the disk, in MB.

    index  address of the package index; "": the default one, with each system's most usual build
    asked  the month in which the index was asked for the sizes; "" where they are an estimate
    """

    name: str
    index: str
    download: int = 0
    disk: int = 0
    asked: str = ""


Sizes = dict[str, dict[str, dict[str, Any]]]
BUILDS = {
    "linux": (
        Build("cpu", INDEX + "cpu"),
        Build("cuda", ""),
        Build("xpu", INDEX + "xpu"),
        Build("rocm", INDEX + "rocm7.2"),
    ),
    "win32": (
        Build("cpu", ""),
        Build("cuda", INDEX + "cu130"),
        Build("xpu", INDEX + "xpu"),
    ),
    "darwin": (Build("mps", ""),),
}


@cache
def build_sizes() -> Sizes:
    """system -> build -> {"download", "disk", "asked"}."""
    text = (Path(__file__).parent / "builds.json").read_text(encoding="utf-8")
    rows: Sizes = json.loads(text)
    return rows


def builds_for(system: str = sys.platform) -> list[Build]:
    """The builds for this system, the most likely one first."""
    near = system if system in BUILDS else "linux"
    rows = build_sizes()[near]
    found = [replace(build, **rows[build.name]) for build in BUILDS[near]]
    return sorted(found, key=lambda build: build.name != likely_build(system))


def likely_build(system: str = sys.platform) -> str:
    """Guessed from drivers on the disk; nothing is loaded into Krita's process for it."""
    if system == "win32":
        folder = Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32"
        return "cuda" if (folder / "nvcuda.dll").exists() else "cpu"
    if Path("/proc/driver/nvidia/version").exists():
        return "cuda"
    return "rocm" if Path("/dev/kfd").exists() else "cpu"


def torch_arguments(build: Build) -> list[str]:
    """Arguments for pip: torch and torchvision, both from one index, since their builds must match.

    $GLASSINE_TORCH replaces them all, for machines that have a torch of their own.
    """
    if (named := os.environ.get("GLASSINE_TORCH")) is not None:
        return named.split()
    return ["torch", "torchvision", *(("--index-url", build.index) if build.index else ())]
