"""The engine, installed by the plugin through the package index: interrupted, taken up, removed."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
WHEELS = Path("/opt/wheels")  # a torch without CUDA, on machines that bring one


@pytest.mark.slow
def test_install_button_end_to_end(tmp_path):
    if not list(WHEELS.glob("torch-*cpu*.whl")):
        pytest.skip("no small torch at hand; the index's default one is 2.7 GB")
    build = [sys.executable, str(ROOT / "packaging" / "build_plugin.py"), "--out", str(tmp_path)]
    made = subprocess.run(build, check=True, capture_output=True, text=True).stdout.strip()
    zipfile.ZipFile(made).extractall(tmp_path / "plugin")
    paths = os.pathsep.join(str(ROOT / "tests" / one) for one in ("fakes", "helpers"))
    env = {**os.environ, "PYTHONPATH": paths, "GLASSINE_QT": "6"}
    env |= {"QT_QPA_PLATFORM": "offscreen", "GLASSINE_PYTHON": sys.executable}
    env["GLASSINE_TORCH"] = f"torch<2.14 torchvision --find-links {WHEELS}"
    words = [sys.executable, str(HERE / "installing.py"), str(tmp_path / "plugin")]
    done = subprocess.run([*words, str(tmp_path / "data")], env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-4000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["first"] == ["cancelled"] and told["half"]["finished"] is False
    assert told["command"] == [], "half an engine is not started"
    assert told["ended"] == [""], told["log"]
    assert told["state"]["finished"] and told["state"]["build"] == "cpu"
    assert told["engine"] == "ready", told["stderr"] or told["says"]
    assert told["version"] == told["state"]["version"]
    assert told["left"] == [], "removing leaves nothing"
    sys.stdout.write(f"{told['seconds']:.0f} s, {told['megabytes']} MB\n")
