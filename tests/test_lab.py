"""The lab's files start, and what the project tells its readers to run or to read is there."""

import os
import re
import runpy
import subprocess
import sys
import warnings
from pathlib import Path
from unittest.mock import patch

import pytest

ROOT = Path(__file__).resolve().parents[1]
LAB = ROOT / "lab"
LINK = re.compile(r"\]\(([^)\s#]+)(?:#[^)\s]*)?\)|<img src=\"([^\"]+)\"")
MODULE = re.compile(r"-m (lab(?:\.\w+)+)")
FILE = re.compile(r"(?<![\w/.-])((?:scripts|lab|packaging|docs/pictures|examples)/[\w./-]*\w)")


def texts():
    """Every file in which a reader may find advice."""
    rooms = (ROOT / name for name in ("core", "docs", "lab", "packaging", "scripts"))
    paths = (*ROOT.glob("*"), *(path for room in rooms for path in room.rglob("*")))
    yield from sorted(path for path in paths if path.suffix in (".md", ".py", ".yaml"))


def commands():
    """Modules of the lab that can be run."""
    for path in sorted(LAB.rglob("*.py")):
        if 'if __name__ == "__main__"' in path.read_text("utf-8"):
            yield ".".join(path.relative_to(ROOT).with_suffix("").parts)


@pytest.mark.parametrize("name", list(commands()))
def test_every_file_of_the_lab_that_can_be_run_says_what_it_wants(name, monkeypatch, capsys):
    if ".study." in name:
        pytest.importorskip("diffusers")
    monkeypatch.syspath_prepend(str(ROOT))
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with (
        patch.dict(os.environ),  # one of them names folders for the engine
        warnings.catch_warnings(action="ignore"),
        pytest.raises(SystemExit) as end,
    ):
        runpy.run_module(name, run_name="__main__")
    assert not end.value.code
    assert "usage:" in capsys.readouterr().out


def test_every_module_that_is_advised_exists():
    there = list(commands())
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in texts()
        for name in MODULE.findall(path.read_text("utf-8"))
        if name not in there and not name.endswith(".NAME")
    ]
    assert not missing


def test_every_path_that_is_named_exists():
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in texts()
        for name in FILE.findall(path.read_text("utf-8"))
        if not (ROOT / name).exists()
    ]
    assert not missing


def test_every_link_of_a_page_leads_somewhere():
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in texts()
        if path.suffix == ".md"
        for link in (one or other for one, other in LINK.findall(path.read_text("utf-8")))
        if not link.startswith(("http:", "https:", "mailto:")) and not (path.parent / link).exists()
    ]
    assert not broken


IN_KRITA = """
import importlib.util, types
from krita_e2e_driver import driver
told = types.SimpleNamespace(emit=lambda *told, **more: None)
extension = types.SimpleNamespace(runner=None, k=told, _early_error=None)
driver.DriverExtension._window_created(extension)
print(importlib.util.find_spec("steps").origin)
"""


def test_a_bench_in_krita_finds_what_scenarios_share_and_no_file_beside_it():
    """`lab/bench` has a file `steps.py` too."""
    pytest.importorskip("PyQt5.QtWidgets")
    krita = ROOT / "tests" / "krita"
    env = {
        **os.environ,
        "KRITA_E2E_SCENARIOS": str(ROOT / "lab" / "bench" / "krita_eye.py"),
        "KRITA_E2E_STEPS": str(krita / "scenarios"),
        "PYTHONPATH": os.pathsep.join(map(str, (krita / "driver", ROOT / "tests" / "fakes"))),
        "GLASSINE_QT": "5",
    }
    done = subprocess.run([sys.executable, "-c", IN_KRITA], env=env, capture_output=True, text=True)
    assert done.stdout.strip() == str(krita / "scenarios" / "steps.py"), done.stderr[-2000:]
