"""The check of the whole tree: that it fails where something is wrong, and says what and where."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"
FINE = '"""Nothing is wrong here."""\n\n\ndef twice(number: int) -> int:\n    return 2 * number\n'
WRONG = FINE.replace("2 * number", "str(number)")
FAULTS = {
    "lint": ("tests/unused.py", "import os\n"),
    "form": ("tests/crooked.py", "twice = {'number':2}\n"),
    "types of engine, lab and scripts": ("lab/bench/wrong.py", WRONG),
    "types of the plugin": ("krita_plugin/glassine_krita/wrong.py", WRONG),
}
"""Check -> a file in which only it finds a fault, and what stands there."""


@pytest.fixture
def check(monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for name in ("check", "home"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module("check")
    for name in ("check", "home"):
        sys.modules.pop(name, None)


@pytest.fixture
def tree(tmp_path):
    """A project with this one's settings and a file in every room, in which nothing is wrong."""
    rooms = ("core/glassine", "krita_plugin/glassine_krita", "lab/bench", "packaging", "scripts")
    for room in (*rooms, "tests"):
        (tmp_path / room).mkdir(parents=True)
        (tmp_path / room / f"{Path(room).name}_fine.py").write_text(FINE, "utf-8")
    for package in ("core/glassine", "krita_plugin/glassine_krita", "lab/bench"):
        (tmp_path / package / "__init__.py").write_text('"""A package."""\n', "utf-8")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_what_is_right_passes_and_every_fault_is_found_and_named(check, tree, capfd):
    python = Path(sys.executable)
    assert check.failed(python, tree) == []
    for path, text in FAULTS.values():
        (tree / path).write_text(text, "utf-8")
    capfd.readouterr()
    assert check.failed(python, tree) == list(FAULTS)
    shown = capfd.readouterr()
    for name, (path, _) in FAULTS.items():
        assert f"FAILED: {name}" in shown.err
        assert Path(path).name in shown.err


def test_fix_mends_lint_and_form(check, tree, monkeypatch):
    monkeypatch.setattr(check, "CHECKS", [one for one in check.CHECKS if one.mends])
    for name in ("lint", "form"):
        path, text = FAULTS[name]
        (tree / path).write_text(text, "utf-8")
    assert check.failed(Path(sys.executable), tree, fix=True) == []
    assert (tree / "tests/crooked.py").read_text("utf-8") == 'twice = {"number": 2}\n'
    assert check.failed(Path(sys.executable), tree) == []


@pytest.mark.parametrize(
    ("given", "found", "passes", "code"),
    [
        (["-k", "x"], [], 0, 0),
        (["-k", "x"], ["form"], 0, 1),
        (["-k", "x"], ["form"], 5, 5),
        (["-k", "x"], [], 5, 5),
        (["-k", "x", "--no-check"], ["form"], 0, 0),
    ],
)
def test_the_test_run_has_it_beside_and_fails_with_it(
    check, monkeypatch, capfd, given, found, passes, code
):
    spec = importlib.util.spec_from_file_location("test_script", SCRIPTS / "test.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    asked = []

    def beside(*_, say):
        asked.append("checks")
        say("crooked.py would be reformatted")
        return found

    monkeypatch.setattr(script, "install_programs", lambda: None)
    monkeypatch.setattr(script.home, "python", lambda extras: Path("python"))
    monkeypatch.setattr(check, "failed", beside)
    done = subprocess.CompletedProcess([], passes, "")
    monkeypatch.setattr(script.subprocess, "run", lambda words, **_: asked.append(words) or done)
    assert script.main(given) == code
    assert ["python", "-m", "pytest", "-k", "x"] in asked, "the tests run all the same"
    checked = "--no-check" not in given
    assert ("checks" in asked) is checked
    told = capfd.readouterr().err
    assert ("crooked.py would be" in told) is checked, "said below the tests"
    assert ("failed, as said above: form" in told) is (checked and found == ["form"])


def test_what_it_does_not_know_is_refused(check, capfd):
    with pytest.raises(SystemExit):
        check.main(["--fxi"])
    assert "'--fxi' means nothing here" in capfd.readouterr().err
