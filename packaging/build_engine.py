#!/usr/bin/env python3
"""Builds the engine's wheel.

build_engine.py [--out DIR]
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def build(out: Path) -> Path:
    """With pip, which fetches the build back end; returns the wheel's path."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run(
            [
                sys.executable,
                "-m",
                "pip",
                "wheel",
                "--quiet",
                "--no-deps",
                "--wheel-dir",
                folder,
                str(ROOT),
            ],
            check=True,
        )
        (made,) = Path(folder).glob("glassine-*.whl")
        target = out / made.name
        target.write_bytes(made.read_bytes())
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    sys.stdout.write(f"{build(args.out)}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
