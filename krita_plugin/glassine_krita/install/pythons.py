"""Pythons on this computer that may be new enough for the engine, and uv, which fetches one."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

OLDEST = (3, 11)
PROBE = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2], sys.executable)"
UV = "uv.exe" if sys.platform == "win32" else "uv"


def candidates() -> list[tuple[str, ...]]:
    """Commands that may start one, best first. Krita's own Python is no program and not here."""
    if named := os.environ.get("GLASSINE_PYTHON"):
        return [(named,)]
    found: list[tuple[str, ...]] = []
    if launcher := shutil.which("py"):
        found += [(launcher, f"-3.{minor}") for minor in (13, 12, 11)]
    for name in ("python3.13", "python3.12", "python3.11", "python3", "python"):
        if path := shutil.which(name):
            found.append((path,))
    for place in ("/opt/homebrew/bin/python3", "/usr/local/bin/python3"):
        if os.path.exists(place):
            found.append((place,))
    return found


def find_uv() -> str:
    """Path of uv where it is installed, else "". uv itself is never fetched."""
    if (named := os.environ.get("GLASSINE_UV")) is not None:
        return named
    if found := shutil.which("uv"):
        return found
    home = Path.home()
    places = (
        home / ".local" / "bin",
        home / ".cargo" / "bin",
        Path("/opt/homebrew/bin"),
        Path("/usr/local/bin"),
    )
    return next((str(folder / UV) for folder in places if (folder / UV).is_file()), "")


def parse_probe(text: str) -> tuple[tuple[int, ...], str]:
    """What PROBE printed -> (version, program); ((), "") for anything else."""
    words = text.strip().splitlines()[-1].split(" ", 1) if text.strip() else []
    try:
        found = tuple(int(n) for n in words[0].split("."))
        return found, words[1]
    except (IndexError, ValueError):
        return (), ""


def venv_command(program: str, folder: Path, *, fresh: bool) -> list[str]:
    """The command that makes the environment with a Python that was found."""
    return [program, "-I", "-m", "venv", *(["--clear"] if fresh else []), str(folder)]


def uv_command(program: str, folder: Path) -> list[str]:
    """With uv, which uses a Python it knows of or fetches one; pip comes along for the rest."""
    words = [
        program,
        "venv",
        "--quiet",
        "--seed",
        "--allow-existing",
        "--python",
        f">={OLDEST[0]}.{OLDEST[1]}",
    ]
    return [*words, str(folder)]
