#!/usr/bin/env python3
"""Asks the package indexes how large each build of the engine is: the plugin's builds.json.

    sizes.py [--only cuda ...]

For the system it runs on: pip reads a wheel's conditions as its own system's. pip resolves each
build without installing it (--dry-run --report); a wheel on this disk is measured exactly, of one
on an index only the length is asked, and its share of the disk reckoned. A build whose index
cannot be reached keeps its row.
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

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "krita_plugin"))

from glassine_krita.install.builds import BUILDS, Build  # noqa: E402

OUT = ROOT / "krita_plugin" / "glassine_krita" / "install" / "builds.json"
UNPACKED = 1.7  # bytes on the disk per byte of a wheel, where it could not be looked into
MB = 1_000_000


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
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.json"
        words = [sys.executable, "-m", "pip", "install", "--quiet", "--dry-run", "--retries", "0"]
        words += ["--timeout", "10", "--ignore-installed", "--prefer-binary"]
        words += ["--report", str(report), *dependencies()]
        words += ["--index-url", build.index] if build.index else []
        done = subprocess.run(words, capture_output=True, text=True)
        if done.returncode:
            return None
        found = json.loads(report.read_text(encoding="utf-8"))["install"]
    sizes = [size(row["download_info"]["url"]) for row in found]
    download, disk = (round(sum(column) / MB, -1) for column in zip(*sizes, strict=True))
    return {"download": int(download), "disk": int(disk), "asked": time.strftime("%Y-%m")}


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
