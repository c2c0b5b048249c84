"""Times in a real Krita, and of the engine alone: results/krita.json.

    python -m lab.bench.krita [--only PART ...] [--out FILE]

First preview and apply at 2048x2048, export at 4096x4096, and the longest gap of the event loop
while 8192x8192 pixels travel both ways (through an engine that only returns them, so that the gap
is due to the plugin and Krita). Machine, load before and after, and commit are recorded; a busy
machine lengthens the times. The engine is as after an installation, without real encoders.
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
from typing import Any

from ..places import ROOT
from .record import RESULTS, commit

sys.path.insert(0, str(ROOT / "tests" / "krita"))

from harness import provide, run
from runs import built, engine

HERE = Path(__file__).resolve().parent
OUT = RESULTS / "krita.json"
LIMIT = 3000.0  # seconds, of one Krita
PARTS = ("travel", "previews", "apply", "export")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=OUT)
    parser.add_argument("--only", choices=PARTS, action="append", help="the others keep their rows")
    args = parser.parse_args()
    if problem := provide():
        raise SystemExit(problem)
    found = json.loads(args.out.read_text()) if args.out.exists() else {}
    carrier = [sys.executable, "-I", "-u", str(ROOT / "tests" / "fakes" / "engine.py")]
    picture = str(ROOT / "examples" / "lake.png")
    with tempfile.TemporaryDirectory() as folder:
        plugin = built(Path(folder))
        for part in args.only or PARTS:
            if part == "travel":
                env = {"GLASSINE_ENGINE": "\x1f".join(carrier), "GLASSINE_LANGUAGE": "en"}
                found["travel"] = measured("travel", plugin, env)
                continue
            env = {**engine(), "GLASSINE_PICTURE": picture, "GLASSINE_PARTS": part}
            found[part] = measured("work", plugin, env)
            found[f"{part} alone"] = alone(picture, part)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(args.out.read_text())
    return 0


def measured(name: str, plugin: Path, env: dict[str, str]) -> dict[str, Any]:
    load = os.getloadavg()[0]
    told = {**env, "KRITA_E2E_PATIENCE": str(LIMIT)}
    outcome = run([HERE / f"krita_{name}.py"], [plugin], told, timeout=LIMIT)
    problem = outcome.trouble or next(iter(outcome.verdicts.values()), "nothing ran")
    if problem:
        raise SystemExit(problem)
    notes: dict[str, Any] = {}
    for note in outcome.notes("time"):
        notes[note["what"]] = {
            k: v for k, v in note.items() if k not in ("t", "ev", "note", "what")
        }
    loads = {"load_before": load, "load_after": os.getloadavg()[0]}
    return {**notes, "machine": machine(), **loads}


def alone(picture: str, part: str) -> dict[str, Any]:
    """The same requests without Krita."""
    load = os.getloadavg()[0]
    words = [sys.executable, "-m", "lab.bench.krita_alone", picture, part]
    env = {name: value for name, value in os.environ.items() if name != "GLASSINE_MODELS"}
    done = subprocess.run(words, cwd=ROOT, env=env, capture_output=True, text=True, check=True)
    loads = {"load_before": load, "load_after": os.getloadavg()[0]}
    return {**json.loads(done.stdout), "machine": machine(), **loads}


def machine() -> dict[str, Any]:
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "commit": commit(),
        "date": time.strftime("%Y-%m-%d"),
    }


if __name__ == "__main__":
    sys.exit(main())
