#!/usr/bin/env python3
"""Runs the end-to-end tests in a real Krita; installs Debian's packages where they are missing.

run.py [SCENARIO ...] [--work DIR]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

from harness import log, provide
from runs import ALONE, SCRIPTED, SESSION, built, everything, first_run, killed, session


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("scenarios", nargs="*", choices=[*SESSION, *SCRIPTED, *ALONE, []])
    parser.add_argument("--work", type=Path, help="kept: events, logs, pictures")
    args = parser.parse_args()
    if problem := provide():
        log(problem)
        return 3
    with tempfile.TemporaryDirectory() as folder:
        if not args.scenarios:
            found = everything(Path(folder))
        else:
            found = some(built(Path(folder)), args.scenarios, args.work)
    failed = [name for name, problem in found.items() if problem]
    for name in failed:
        log("FAILED", name, found[name])
    sys.stdout.write(f"{len(found) - len(failed)} passed, {len(failed)} failed\n")
    return 1 if failed else 0


def some(plugin: Path, names: list[str], work: Path | None) -> dict[str, str]:
    outcomes = []
    for listed in (SESSION, SCRIPTED):
        if inside := [name for name in names if name in listed]:
            outcomes.append(session(plugin, inside, work))
    if "krita_killed" in names:
        outcomes.append(killed(plugin))
    if "first_run" in names:
        outcomes.append(first_run(plugin))
    found = {}
    for outcome in outcomes:
        found.update(outcome.verdicts)
        if outcome.trouble:
            found["the run"] = outcome.trouble
    return found


if __name__ == "__main__":
    sys.exit(main())
