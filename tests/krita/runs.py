"""The runs of the end-to-end tests, and how the plugin gets there: as its release zip."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

from harness import PATIENCE, Outcome, log, run

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
SCENARIOS = HERE / "scenarios"
SESSION = [
    "apply_layer",
    "apply_16bit",
    "apply_selection",
    "export_copy",
    "twice",
    "poison",
    "poison_layer",
    "face_layer",
    "other_colours",
    "document_closed",
    "cancel",
    "engine_killed",
]
SCRIPTED = [
    "fits",
    "stale",
    "in_place",
    "hangs",
    "at_once",
    "nodes",
    "inks",
    "frames",
    "apply_group",
    "undo_redo",
    "preview_canvas",
    "other_layers",
    "krita_at_work",
    "menus",
    "quits_with_preview",
]
"""On the scripted engine, which answers at once: what the plugin does with an answer. The first one
sees a first start, the last one ends Krita."""

ALONE = ("krita_killed", "first_run")


def engine(python: str = sys.executable) -> dict[str, str]:
    """The engine of this checkout, run by the interpreter that runs the tests."""
    words = [python, "-I", "-u", str(ROOT / "tests" / "fakes" / "serve.py")]
    threads = {"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
    return {"GLASSINE_ENGINE": "\x1f".join(words), "GLASSINE_LANGUAGE": "en", **threads}


def scripted() -> dict[str, str]:
    words = [sys.executable, "-I", "-u", str(ROOT / "tests" / "fakes" / "engine.py")]
    longer = {"GLASSINE_NODES": os.environ.get("GLASSINE_NODES", "0")}  # of the scenario "nodes"
    return {**engine(), "GLASSINE_ENGINE": "\x1f".join(words), **longer}


def built(out: Path) -> Path:
    """The release zip, made by the release's own script."""
    words = [
        sys.executable,
        str(ROOT / "packaging" / "build_plugin.py"),
        "--no-engine",
        "--out",
        str(out),
    ]
    made = subprocess.run(words, check=True, capture_output=True, text=True)
    return Path(made.stdout.strip())


def session(plugin: Path, names: list[str], work: Path | None = None) -> Outcome:
    """All of one list, with the engine that they are made for."""
    paths = [SCENARIOS / f"{name}.py" for name in names]
    env = scripted() if set(names) <= set(SCRIPTED) else engine()
    return run(paths, [plugin], env, timeout=3 * PATIENCE, work=work)


def killed(plugin: Path) -> Outcome:
    """Krita ends by signal 9; what matters is that nothing outlives it."""
    outcome = run([SCENARIOS / "krita_killed.py"], [plugin], engine())
    if outcome.status == -9 and not outcome.outlived:
        outcome.trouble = ""
    return outcome


def first_run(plugin: Path) -> Outcome:
    env = {"GLASSINE_ENGINE": "", "GLASSINE_PYTHON": "/bin/false", "GLASSINE_LANGUAGE": "en"}
    return run([SCENARIOS / "first_run.py"], [plugin], env)


def everything(out: Path) -> dict[str, str]:
    """Scenario -> "" or what went wrong."""
    began, plugin = time.monotonic(), built(out)
    found = {name: "did not run" for name in (*SESSION, *SCRIPTED, *ALONE)}
    runs = {
        tuple(SCRIPTED): lambda: session(plugin, SCRIPTED),
        tuple(SESSION): lambda: session(plugin, SESSION),
        ("krita_killed",): lambda: killed(plugin),
        ("first_run",): lambda: first_run(plugin),
    }
    for names, one in runs.items():
        outcome = one()
        found.update(outcome.verdicts)
        if outcome.trouble:
            log("TROUBLE", outcome.trouble)
            at = next((name for name in names if name not in outcome.verdicts), names[-1])
            found[at] = "\n".join(filter(None, (found[at], outcome.trouble)))
    log(f"all runs: {time.monotonic() - began:.0f} s")
    return found
