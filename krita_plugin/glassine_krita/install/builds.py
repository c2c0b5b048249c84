"""The ways to install torch, and how large each is: builds.json, made by packaging/sizes.py."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

INDEX = "https://download.pytorch.org/whl/"


@dataclass(frozen=True)
class Build:
    """One way to install torch. Sizes are what is downloaded and what lies on the disk, in MB.

    index  "" is the default index, which has the most usual build of each system
    asked  the month in which the index was asked for the sizes; "" where they are an estimate
    """

    name: str
    says: str
    index: str
    download: int = 0
    disk: int = 0
    asked: str = ""


BUILDS = {
    "linux": (
        Build("cpu", "CPU", INDEX + "cpu"),
        Build("cuda", "NVIDIA (CUDA)", ""),
        Build("xpu", "Intel Arc (XPU)", INDEX + "xpu"),
        Build("rocm", "AMD (ROCm)", INDEX + "rocm7.2"),
    ),
    "win32": (
        Build("cpu", "CPU", ""),
        Build("cuda", "NVIDIA (CUDA)", INDEX + "cu130"),
        Build("xpu", "Intel Arc (XPU)", INDEX + "xpu"),
    ),
    "darwin": (Build("mps", "Apple GPU / CPU", ""),),
}


@cache
def sizes() -> dict[str, dict[str, dict[str, object]]]:
    """system -> build -> {"download", "disk", "asked"}."""
    return json.loads((Path(__file__).parent / "builds.json").read_text(encoding="utf-8"))


def builds(system: str = sys.platform) -> list[Build]:
    """Those for this system, the most likely one first."""
    known = system if system in BUILDS else "linux"
    found = [Build(b.name, b.says, b.index, **sizes()[known][b.name]) for b in BUILDS[known]]
    return sorted(found, key=lambda build: build.name != guess(system))


def guess(system: str = sys.platform) -> str:
    """From drivers that lie on the disk; nothing is loaded into Krita's process to find out."""
    if system == "win32":
        folder = Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32"
        return "cuda" if (folder / "nvcuda.dll").exists() else "cpu"
    if Path("/proc/driver/nvidia/version").exists():
        return "cuda"
    return "rocm" if Path("/dev/kfd").exists() else "cpu"


def torch_arguments(build: Build) -> list[str]:
    """For pip; $GLASSINE_TORCH is for machines that have their own torch."""
    if (named := os.environ.get("GLASSINE_TORCH")) is not None:
        return named.split()
    return ["torch", *(("--index-url", build.index) if build.index else ())]
