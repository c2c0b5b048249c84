#!/usr/bin/env python3
"""Times in a real Krita, beside the engine's own: results/krita.json.

    krita.py [--out FILE]

First preview and apply at 2048x2048, export at 4096x4096, and the longest gap of the event loop
while 8192x8192 pixels travel both ways (an engine that only carries them, so that the gap is the
plugin's and Krita's). Machine, load and commit are recorded; a busy machine shows in the times.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "krita"))

from harness import provide, run  # noqa: E402
from runs import built, engine  # noqa: E402

HERE = Path(__file__).resolve().parent
OUT = HERE / "results" / "krita.json"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", choices=["travel", "work"])
    args = parser.parse_args()
    if problem := provide():
        raise SystemExit(problem)
    found = json.loads(args.out.read_text()) if args.out.exists() else {}
    carrier = [sys.executable, "-I", "-u", str(ROOT / "tests" / "fakes" / "engine.py")]
    parts = {
        "travel": {"GLASSINE_ENGINE": "\x1f".join(carrier), "GLASSINE_LANGUAGE": "en"},
        "work": {**engine(), "GLASSINE_PICTURE": str(ROOT / "examples" / "lake.png")},
    }
    with tempfile.TemporaryDirectory() as folder:
        plugin = built(Path(folder))
        for name, env in parts.items():
            if args.only in (None, name):
                found |= measured(name, plugin, env)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(args.out.read_text())
    return 0


def measured(name: str, plugin: Path, env: dict[str, str]) -> dict:
    load = os.getloadavg()[0]
    outcome = run([HERE / f"krita_{name}.py"], [plugin], env, timeout=3000)
    problem = outcome.trouble or next(iter(outcome.verdicts.values()), "nothing ran")
    if problem:
        raise SystemExit(problem)
    notes = {}
    for note in outcome.notes("time"):
        notes[note["what"]] = {
            k: v for k, v in note.items() if k not in ("t", "ev", "note", "what")
        }
    return {name: {**notes, "machine": machine(), "load_before": load}}


def machine() -> dict:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "commit": commit.stdout.strip(),
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    sys.exit(main())
