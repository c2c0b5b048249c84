"""The documentation as a site: python3 scripts/docs.py [--serve]

Writes build/site, to be opened there or put on a server. A dead link makes it fail.
"""

from __future__ import annotations

import subprocess
import sys

import home


def main(arguments: list[str]) -> int:
    python = home.python("docs")
    words = ["serve"] if "--serve" in arguments else ["build", "--strict", "--clean"]
    done = subprocess.run([str(python), "-m", "mkdocs", *words], cwd=home.ROOT).returncode
    if not done:
        home.say(f"{home.ROOT / 'build' / 'site' / 'index.html'}")
    return done


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
