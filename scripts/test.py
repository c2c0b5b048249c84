"""Sets up and passes the tests: python3 scripts/test.py [pytest's own arguments]

Makes `.venv` with what the tests need. On Debian and Ubuntu, as root, it also installs the few
programs that some tests drive (Krita under a virtual screen, exiftool) and ten photos; tests whose
program or photos are absent skip and say so. `.ci/run` is this script.
"""

import os
import shutil
import subprocess
import sys

import home

PACKAGES = {
    "krita": ("krita", "python3-pyqt5", "python3-sip"),
    "Xvfb": ("xvfb",),
    "xdotool": ("xdotool",),
    "xwininfo": ("x11-utils",),
    "import": ("imagemagick",),
    "exiftool": ("libimage-exiftool-perl",),
    "chromium": ("chromium",),
    "/usr/share/backgrounds/mate/nature": ("mate-backgrounds",),
}
"""Program or folder -> Debian packages that bring it."""


def main(arguments):
    install_programs()
    python = home.python("dev")
    environment = {**os.environ, "PYTHONUTF8": "1", "HF_HUB_OFFLINE": "1"}
    done = subprocess.run([str(python), "-m", "pytest", *arguments], cwd=home.ROOT, env=environment)
    sys.exit(done.returncode)


def install_programs():
    """Missing programs, where that needs no questions: Debian, and root."""
    missing = [name for name in PACKAGES if not (shutil.which(name) or os.path.isdir(name))]
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not missing:
        return
    if not (root and shutil.which("apt-get")):
        home.say(f"Not here: {', '.join(missing)}. The tests that need them will skip.")
        return
    packages = [package for name in missing for package in PACKAGES[name]]
    home.say(f"Installing {', '.join(packages)}")
    quiet = {
        "stdout": subprocess.DEVNULL,
        "env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"},
    }
    subprocess.run(["apt-get", "update", "-qq"], **quiet)
    apt = ["apt-get", "install", "-y", "-qq", "--no-install-recommends"]
    if subprocess.run([*apt, *packages], **quiet).returncode:
        for package in packages:  # one unknown name must not cost the others
            subprocess.run([*apt, package], **quiet)


if __name__ == "__main__":
    main(sys.argv[1:])
