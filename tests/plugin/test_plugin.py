"""The plugin without Krita, once per Qt: one process cannot hold both."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
PATHS = (HERE.parent / "fakes", HERE.parent / "helpers", HERE.parents[1] / "krita_plugin")


@pytest.mark.parametrize("qt", ["5", "6"])
@pytest.mark.parametrize("cases", sorted(path.stem[6:] for path in HERE.glob("cases_*.py")))
def test_plugin(qt, cases):
    if importlib.util.find_spec(f"PyQt{qt}") is None:
        pytest.skip(f"PyQt{qt} is not installed")
    env = {**os.environ, "GLASSINE_QT": qt, "QT_QPA_PLATFORM": "offscreen", "LC_ALL": "C.UTF-8"}
    env["PYTHONPATH"] = os.pathsep.join(str(path) for path in PATHS)
    words = [
        sys.executable,
        "-m",
        "pytest",
        f"cases_{cases}.py",
        "--rootdir",
        str(HERE),
        "-o",
        "python_files=cases_*.py",
        "-p",
        "no:cacheprovider",
        "-q",
        "--noconftest",
        "-c",
        os.devnull,
        "--import-mode=prepend",
    ]
    done = subprocess.run(words, cwd=HERE, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert " passed" in done.stdout
