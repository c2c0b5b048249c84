#!/usr/bin/env python3
"""Static checks: python3 scripts/check.py [--fix]

Lint and format of every file (ruff), the types of engine, lab and scripts, and those of the plugin
(mypy, strict). `--fix` mends what ruff can mend and formats every file. All checks run even if one
fails, so that one sees everything; the exit code is 1 if any failed. `scripts/test.py` runs this
beside the tests, and pre-commit, where it is installed, at each commit (.pre-commit-config.yaml).
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from subprocess import PIPE, STDOUT
from typing import NamedTuple

import home


class Check(NamedTuple):
    """One run of a tool: a Python module with its arguments, in a folder of the project."""

    name: str
    words: str
    folder: str = "."
    mends: str = ""  # the words that `--fix` runs in place of `words`


CHECKS = (
    Check("lint", "ruff check --quiet", mends="ruff check --quiet --fix"),
    Check("form", "ruff format --check", mends="ruff format --quiet"),
    Check("types of engine, lab and scripts", "mypy"),  # which files: pyproject.toml
    Check(
        "types of the plugin",
        "mypy --strict --python-version 3.10 -p glassine_krita",  # the oldest Python of a Krita
        folder="krita_plugin",
    ),
)


def main(arguments: list[str]) -> int:
    unknown = set(arguments) - {"--fix"}
    if unknown:
        home.stop(f"'{min(unknown)}' means nothing here: python3 scripts/check.py [--fix]")
    return 1 if failed(home.python("dev"), home.ROOT, "--fix" in arguments) else 0


def failed(
    python: Path, root: Path, fix: bool = False, say: Callable[[str], object] = home.say
) -> list[str]:
    """The names of the checks that failed in that tree; `say` gets what they found."""
    names = []
    for check in CHECKS:
        began = time.monotonic()
        words = (fix and check.mends) or check.words
        fine, found = run(python, words, root / check.folder)
        if found:
            say(found)
        spent = f"{time.monotonic() - began:.1f} s"
        say(f"{'Fine' if fine else 'FAILED'}: {check.name} ({spent}: {words})")
        if not fine:
            names.append(check.name)
    return names


def run(python: Path, words: str, folder: Path) -> tuple[bool, str]:
    """Whether all was fine, and what the tool printed."""
    environment = {**os.environ, "MYPYPATH": "."}
    command = [str(python), "-m", *words.split()]
    done = subprocess.run(
        command, cwd=folder, env=environment, text=True, stdout=PIPE, stderr=STDOUT
    )
    return done.returncode == 0, done.stdout.strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
