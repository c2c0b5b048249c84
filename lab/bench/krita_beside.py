"""Waiting times in a real Krita, beside those of an earlier version: results/krita.json.

    python -m lab.bench.krita_beside FOLDER [--rounds 3] [--parts start,drag,apply]

FOLDER is a checkout of the earlier version. Both versions run in turn, each in a new Krita, with
the surrogate that ships. Figures are seconds of the clock and of the processor (Krita and engine),
and the ratios of their medians. A busy machine lengthens the former, and hardly the latter.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import pyvips

from ..places import ROOT
from .krita import HERE, OUT, machine
from .record import said

sys.path.insert(0, str(ROOT / "tests" / "krita"))

from harness import provide, run

SIDE = 2048  # pixels
LIMIT = 3600.0  # seconds, of one Krita
Rows = dict[str, list[dict[str, Any]]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parts", default="start,drag,apply")
    parser.add_argument("--name", default="beside", help="under which the rows are kept")
    parser.add_argument("--out", type=Path, default=OUT)
    args = parser.parse_args()
    if problem := provide():
        raise SystemExit(problem)
    roots = {"now": ROOT, "then": args.folder.resolve()}
    rows: Rows = {name: [] for name in roots}
    with tempfile.TemporaryDirectory() as folder:
        picture = painting(Path(folder) / "painting.png")
        for _ in range(args.rounds):
            for name, root in roots.items():
                rows[name] += once(root, picture, args.parts)
    found = json.loads(args.out.read_text()) if args.out.exists() else {}
    commit = said("git", "-C", str(roots["then"]), "rev-parse", "--short", "HEAD")
    found[args.name] = {"rows": rows, "ratio": ratios(rows), "then": commit, "machine": machine()}
    args.out.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n")
    sys.stdout.write(json.dumps(found[args.name], indent=1) + "\n")
    return 0


def painting(path: Path) -> Path:
    image = pyvips.Image.new_from_file(str(ROOT / "examples" / "lake.png"))
    image.resize(SIDE / image.width, vscale=SIDE / image.height).write_to_file(str(path))
    return path


def once(root: Path, picture: Path, parts: str) -> list[dict[str, Any]]:
    """One Krita with that version's plugin and engine: a row for each part."""
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory() as folder:
        script = str(root / "packaging" / "build_plugin.py")
        words = [sys.executable, script, "--no-engine", "--out", folder]
        made = subprocess.run(words, check=True, capture_output=True, text=True)
        serve = [sys.executable, "-I", "-u", str(root / "tests" / "fakes" / "serve.py")]
        env = {
            "GLASSINE_ENGINE": "\x1f".join(serve),
            "GLASSINE_LANGUAGE": "en",
            "GLASSINE_PARTS": parts,
            "GLASSINE_PICTURE": str(picture),
            "KRITA_E2E_PATIENCE": str(LIMIT),
            "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1"),
        }
        plugin = Path(made.stdout.strip())
        outcome = run([HERE / "krita_eye.py"], [plugin], env, timeout=LIMIT)
    problem = outcome.trouble or next(iter(outcome.verdicts.values()), "nothing ran")
    if problem:
        raise SystemExit(problem)
    left_out = ("t", "ev", "note")
    notes = outcome.notes("time")
    return [{**{k: v for k, v in n.items() if k not in left_out}, "load": load} for n in notes]


def ratios(rows: Rows) -> dict[str, dict[str, float]]:
    """Part -> ratio of its medians, now over then: by the clock, and by processor time."""

    def median(name: str, what: str, figure: str) -> float:
        return float(statistics.median(r[figure] for r in rows[name] if r["what"] == what))

    parts = {row["what"] for row in rows["now"]} & {row["what"] for row in rows["then"]}
    return {
        what: {
            figure: round(median("now", what, figure) / median("then", what, figure), 3)
            for figure in ("seconds", "work")
        }
        for what in sorted(parts)
    }


if __name__ == "__main__":
    sys.exit(main())
