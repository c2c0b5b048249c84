#!/usr/bin/env python3
"""Asks the package indexes how large each build of the engine is: the plugin's builds.json.

    sizes.py [--only cuda ...]

Only for the system on which it runs, because pip resolves dependencies for its own system. pip
resolves each build without installing it (--dry-run --report), in the installer's two steps: torch
and torchvision from the build's index, then the other packages, which that index lacks. A wheel on
this disk is measured exactly; of a wheel on an index only the length is asked, and its size on the
disk is estimated. A build whose index cannot be reached keeps its row.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "krita_plugin"))

from glassine_krita.install.builds import BUILDS, Build, torch_arguments  # noqa: E402

OUT = ROOT / "krita_plugin" / "glassine_krita" / "install" / "builds.json"
UNPACKED = 1.7  # estimated bytes on the disk per byte of a wheel
MB = 1_000_000
BUILT = ("torch", "torchvision")  # the packages that differ between builds


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", help="a build's name, for example cuda")
    args = parser.parse_args()
    rows = json.loads(OUT.read_text(encoding="utf-8"))
    for build in BUILDS[sys.platform]:
        if args.only and build.name not in args.only:
            continue
        found = asked(build)
        sys.stdout.write(f"{build.name}: {found or 'not reached, row kept'}\n")
        rows[sys.platform][build.name] = found or rows[sys.platform][build.name]
    OUT.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return 0


def asked(build: Build) -> dict[str, object] | None:
    """The whole engine with this build's torch, or None where the index does not answer."""
    torch = resolved(torch_arguments(build))
    told = [row["metadata"] for row in torch if row["metadata"]["name"] in BUILT]
    if not all(row["version"].endswith(label(build)) for row in told):
        return None  # pip took them from a folder or an index in its settings
    pinned = [f"{row['name']}=={row['version']}" for row in told]
    beside = ["--extra-index-url", build.index] if build.index else []
    found = pinned and resolved([*dependencies(), *pinned, *beside])
    if not found:
        return None
    sizes = [size(row["download_info"]["url"]) for row in found]
    download, disk = (round(sum(column) / MB, -1) for column in zip(*sizes, strict=True))
    return {"download": int(download), "disk": int(disk), "asked": time.strftime("%Y-%m")}


def label(build: Build) -> str:
    """The end of versions on that build's index, for example +cu130; "" for PyPI."""
    return f"+{build.index.rsplit('/', 1)[1]}" if build.index else ""


def resolved(wanted: list[str]) -> list[dict[str, Any]]:
    """What pip would install for these arguments, each with its address; [] if it cannot."""
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--retries", "0"]
        words += ["--timeout", "10", "--ignore-installed", "--prefer-binary"]
        done = subprocess.run([*words, "--report", str(report), *wanted], capture_output=True)
        if done.returncode:
            return []
        rows: list[dict[str, Any]] = json.loads(report.read_text(encoding="utf-8"))["install"]
        return rows


def dependencies() -> list[str]:
    import tomllib

    table = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(table["project"]["dependencies"])


def size(url: str) -> tuple[float, float]:
    """(bytes to download, bytes on the disk) of one wheel."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme == "file":
        path = Path(urllib.request.url2pathname(parts.path))
        with zipfile.ZipFile(path) as wheel:
            return path.stat().st_size, sum(entry.file_size for entry in wheel.infolist())
    ask = urllib.request.Request(url, method="HEAD")
    with urllib.request.urlopen(ask, timeout=30) as answer:
        length = int(answer.headers["Content-Length"])
    return length, UNPACKED * length


if __name__ == "__main__":
    sys.exit(main())
