"""One command from nothing to a protected painting.

    python3 scripts/run.py protect painting.png     any glassine command works here
    python3 scripts/run.py                          protects the painting in examples/

The first call makes `.venv` and installs the project into it; later calls start at once.
Standard library only; the same on Linux, macOS and Windows.
"""

from __future__ import annotations

import os
import subprocess
import sys

import home

FLAGS = (
    "--again",
    "--in-colour",
    "--json",
    "--keep-path",
    "--keep-private",
    "--redraw",
    "--sidecar",
)
EXAMPLE = home.ROOT / "examples" / "lake.png"


def main(arguments: list[str]) -> int:
    python = home.python()
    command = [str(python), "-m", "glassine.cli", *completed(arguments)]
    if os.name == "posix":
        os.execve(command[0], command, home.environment())
    return subprocess.run(command, env=home.environment()).returncode


def completed(arguments: list[str]) -> list[str]:
    """The arguments; `protect` without a picture gets the example picture."""
    words = arguments or ["protect"]
    if words[0] != "protect" or "-h" in words or "--help" in words or pictures(words[1:]):
        return words
    home.say(f"No picture was named, so this protects {EXAMPLE}.")
    return [*words, str(EXAMPLE)]


def pictures(words: list[str]) -> list[str]:
    """Words that are neither an option nor an option's value; all options but FLAGS take one."""
    found, value = [], False
    for word in words:
        if value:
            value = False
        elif word.startswith("-"):
            value = "=" not in word and word not in FLAGS
        else:
            found.append(word)
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
