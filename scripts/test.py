"""Sets up, runs checks and tests: python3 scripts/test.py [--no-check] [pytest's arguments]

Makes `.venv` with what the tests need. On Debian and Ubuntu, as root, it also installs programs
that some tests need (Krita and a virtual screen, exiftool, Chromium, nginx, and in a container
sshd) and ten photos; tests whose program or photos are missing skip and say so. `.ci/run` is this
script.

Programs are installed while pip fills `.venv`, and the checks (scripts/check.py) run beside the
tests, because each of these alone leaves a core idle. What the checks found is printed after the
tests; the exit code is not 0 if tests or checks failed.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import check
import home

PACKAGES = {
    "krita": ("krita", "python3-pyqt5", "python3-sip"),
    "Xvfb": ("xvfb",),
    "xdotool": ("xdotool",),
    "xwininfo": ("x11-utils",),
    "import": ("imagemagick",),
    "exiftool": ("libimage-exiftool-perl",),
    "chromium": ("chromium",),
    "nginx": ("nginx-light",),
    "sshd": ("openssh-server",),
    "/usr/share/backgrounds/mate/nature": ("mate-backgrounds",),
}
"""Program or folder -> Debian packages that contain it."""
OPENS = {"sshd"}
"""Programs that Debian would start at every boot, open to the network: only for a container."""
WORKERS = ["-n", "3", "--dist", "loadscope", "--no-loadscope-reorder"]
"""For the whole suite: one worker more than two cores can feed, because a real Krita and pip mostly
wait. When only some tests are named, no workers are started, which would take longer."""


def main(arguments: list[str]) -> int:
    with ThreadPoolExecutor(1) as beside:
        programs = beside.submit(install_programs)
        python = home.python("dev")
        programs.result()
    words = [word for word in arguments if word != "--no-check"]
    with ThreadPoolExecutor(1) as beside:
        said: list[str] = []
        checks = None
        if "--no-check" not in arguments:
            checks = beside.submit(check.failed, python, home.ROOT, say=said.append)
        code = tested(python, words or WORKERS)
        bad = checks.result() if checks else []
    for line in said:
        home.say(line)
    if bad:
        home.say(f"These checks failed, as said above: {', '.join(bad)}.")
    return code or bool(bad)


def tested(python: Path, words: list[str]) -> int:
    environment = {**home.environment(), "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1"}
    command = [str(python), "-m", "pytest", *words]
    return subprocess.run(command, cwd=home.ROOT, env=environment).returncode


def install_programs() -> None:
    """Installs missing programs if that needs no questions: on Debian and Ubuntu, as root."""
    wanted = PACKAGES.keys() - (OPENS if os.path.isdir("/run/systemd/system") else set())
    missing = sorted(name for name in wanted if not (shutil.which(name) or os.path.isdir(name)))
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not missing:
        return
    if not (root and shutil.which("apt-get")):
        home.say(f"Not here: {', '.join(missing)}. The tests that need them will skip.")
        return
    packages = [package for name in missing for package in PACKAGES[name]]
    home.say(f"Installing {', '.join(packages)}")
    quietly("apt-get", "update", "-qq")
    apt = ("apt-get", "install", "-y", "-qq", "--no-install-recommends")
    if quietly(*apt, *packages):
        for package in packages:  # one by one: an unknown name must not stop the others
            quietly(*apt, package)


def quietly(*command: str) -> int:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    return subprocess.run(command, stdout=subprocess.DEVNULL, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
