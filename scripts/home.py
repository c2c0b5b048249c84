"""The project's own Python environment: `.venv` in the checkout, made once and then reused.

Standard library only, and no syntax newer than Python 3.8, so that even an old Python can say which
one is needed.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
STAMP = VENV / "glassine.stamp"
OLDEST = (3, 11)
NEWEST = 15  # the newest 3.x that is looked for by name
SPACE = 10  # GB: 7 in .venv with torch for CUDA, 3 while pip unpacks


def python(extras: str = "") -> Path:
    """The interpreter of the environment with those extras ("" or "dev"), which is made if needed.

    Setting up takes a few minutes, most of it for torch. A stamp records the project file's hash
    and the extras, so that later calls have nothing to do.
    """
    inside = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    have = STAMP.read_text("utf-8").split() if STAMP.is_file() and inside.exists() else []
    if have[:1] == [fingerprint()] and set(extras.split()) <= set(have[1:]):
        return inside
    wanted = sorted(set(extras.split()) | set(have[1:]))
    began = time.monotonic()
    say("Setting up .venv; this is done once and takes a few minutes.")
    if not inside.exists():
        create()
    install(inside, wanted)
    STAMP.write_text(" ".join([fingerprint(), *wanted]), "utf-8")
    say(f"Ready after {time.monotonic() - began:.0f} s.")
    return inside


def fingerprint() -> str:
    """A hash of the file that decides what is installed."""
    return hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest()


def create() -> None:
    shutil.rmtree(VENV, ignore_errors=True)
    done = subprocess.run([interpreter(), "-m", "venv", str(VENV)], capture_output=True, text=True)
    if done.returncode:
        shutil.rmtree(VENV, ignore_errors=True)
        said = (done.stderr or done.stdout).strip()
        stop(
            f"Python could not make an environment in {VENV}:\n{said}\n"
            "On Debian and Ubuntu this helps: sudo apt install python3-venv"
        )


def interpreter() -> str:
    """A Python that is new enough: this one, or a newer one found on the path by its name."""
    if sys.version_info >= OLDEST:
        return sys.executable
    for minor in range(NEWEST, OLDEST[1] - 1, -1):
        found = shutil.which(f"python3.{minor}")
        if found and subprocess.run([found, "-c", ""], capture_output=True).returncode == 0:
            return found
    wanted, here = (".".join(map(str, version)) for version in (OLDEST, sys.version_info[:2]))
    stop(
        f"Glassine needs Python {wanted} or newer, and this is {here}. Install a newer one from "
        "python.org or your system's packages, and start this script with it."
    )
    raise AssertionError


def install(inside: Path, extras: "list[str]") -> None:
    what = f"{ROOT}[{','.join(extras)}]" if extras else str(ROOT)
    command = [str(inside), "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    quiet = [] if sys.stderr.isatty() else ["--quiet", "--progress-bar", "off"]
    if subprocess.run([*command, *quiet, "--editable", what], stdout=sys.stderr).returncode:
        stop(
            "The installation did not finish; what pip says is above. It needs the Python package "
            "index (about 3 GB with torch) once"
            f"{room(VENV.parent, Path(tempfile.gettempdir()))}. Calling this script again goes on."
        )


def room(*folders: Path) -> str:
    """How much disk is needed and free where pip writes, as the end of a sentence: a full disk is a
    likely reason why pip failed."""
    free = [f"{shutil.disk_usage(folder).free / 1e9:.1f} GB in {folder}" for folder in folders]
    return f", and about {SPACE} GB of disk: free are {' and '.join(free)}"


def environment() -> "dict[str, str]":
    """This process's environment for programs in `.venv`, in which Python may keep compiled files.

    pip would compile all 14,500 files that it installs (--no-compile stops that), which doubles its
    time; only 2,000 are ever loaded. Python compiles these when they are first loaded, unless the
    variable that is removed here forbids it.
    """
    return {n: value for n, value in os.environ.items() if n != "PYTHONDONTWRITEBYTECODE"}


def say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def stop(sentence: str) -> None:
    say(sentence)
    sys.exit(4)
