"""Setting up: done once, done again when the project changes, explained when it cannot be done."""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

ROOT = Path(__file__).resolve().parents[1]
SCRIPTS = ROOT / "scripts"


def script(name, monkeypatch):
    monkeypatch.syspath_prepend(str(SCRIPTS))
    for other in ("home", "check"):
        monkeypatch.delitem(sys.modules, other, raising=False)
    spec = importlib.util.spec_from_file_location(name, SCRIPTS / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def home(tmp_path, monkeypatch):
    """The set-up of a checkout in a temporary folder, where pip only writes down what it got."""
    module = script("home", monkeypatch)
    (tmp_path / "pyproject.toml").write_text("[project]\nname = 'x'\n")
    monkeypatch.setattr(module, "ROOT", tmp_path)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(module, "STAMP", tmp_path / ".venv" / "glassine.stamp")
    module.installed = []
    monkeypatch.setattr(module, "install", lambda inside, extras: module.installed.append(extras))

    def create():
        inside = tmp_path / ".venv" / ("Scripts" if os.name == "nt" else "bin")
        inside.mkdir(parents=True)
        (inside / ("python.exe" if os.name == "nt" else "python")).touch()

    monkeypatch.setattr(module, "create", create)
    return module


def test_it_is_set_up_once(home):
    assert home.python() == home.python()
    assert home.installed == [[]]


def test_a_changed_project_is_installed_again(home):
    home.python()
    (home.ROOT / "pyproject.toml").write_text("[project]\nname = 'y'\n")
    home.python()
    home.python()
    assert home.installed == [[], []]


def test_more_extras_are_added_and_never_lost(home):
    home.python()
    home.python("dev")
    home.python()
    home.python("dev")
    assert home.installed == [[], ["dev"]]
    (home.ROOT / "pyproject.toml").write_text("changed")
    home.python()
    assert home.installed[-1] == ["dev"]


def test_an_environment_that_was_cut_off_is_finished(home):
    home.create()  # made, but without its stamp: the installation never ended
    home.python()
    assert home.installed == [[]]


def test_an_old_python_is_told_what_is_needed(home, monkeypatch, capsys):
    monkeypatch.setattr(home.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(home.shutil, "which", lambda name: None)
    with pytest.raises(SystemExit) as end:
        home.interpreter()
    assert end.value.code == 4
    assert "needs Python 3.11 or newer, and this is 3.9" in capsys.readouterr().err


def test_an_old_python_uses_a_newer_one_that_is_there(home, monkeypatch):
    monkeypatch.setattr(home.sys, "version_info", (3, 9, 2))
    monkeypatch.setattr(
        home.shutil, "which", lambda name: sys.executable if name == "python3.12" else None
    )
    assert home.interpreter() == sys.executable


def test_a_python_without_venv_is_told_what_helps(tmp_path, monkeypatch, capsys):
    module = script("home", monkeypatch)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    failed = subprocess.CompletedProcess([], 1, "", "ensurepip is not available")
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(SystemExit):
        module.create()
    said = capsys.readouterr().err
    assert "ensurepip is not available" in said and "python3-venv" in said


def test_without_a_package_index_it_says_so(tmp_path, monkeypatch, capsys):
    module = script("home", monkeypatch)
    done = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: done)
    with pytest.raises(SystemExit):
        module.install(Path("python"), [])
    assert "package index" in capsys.readouterr().err


def test_a_full_disk_is_told_by_its_figure(tmp_path, monkeypatch, capsys):
    """CI stood once with "No space left on device" and no word on how much there was."""
    module = script("home", monkeypatch)
    monkeypatch.setattr(module, "VENV", tmp_path / ".venv")
    done = subprocess.CompletedProcess([], 1)
    monkeypatch.setattr(module.subprocess, "run", lambda *_, **__: done)
    left = SimpleNamespace(free=400_000_000)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda folder: left)
    with pytest.raises(SystemExit):
        module.install(Path("python"), [])
    said = capsys.readouterr().err
    assert f"about {module.SPACE} GB of disk" in said and f"0.4 GB in {tmp_path}" in said


@pytest.mark.parametrize(
    ("given", "runs"),
    [
        ([], ["protect", "lake.png"]),
        (["protect"], ["protect", "lake.png"]),
        (["protect", "mine.png"], ["protect", "mine.png"]),
        (["protect", "--help"], ["protect", "--help"]),
        (
            ["protect", "--effort", "full", "--json", "--seed=3"],
            ["protect", "--effort", "full", "--json", "--seed=3", "lake.png"],
        ),
        (["protect", "--json", "mine.png"], ["protect", "--json", "mine.png"]),
        (["doctor"], ["doctor"]),
        (["--help"], ["--help"]),
    ],
)
def test_run_protects_the_shipped_painting_where_none_is_named(given, runs, monkeypatch):
    module = script("run", monkeypatch)
    done = module.completed(given)
    assert [Path(part).name for part in done] == runs
    assert all(Path(part).exists() for part in done if part.endswith("lake.png"))


def test_run_knows_which_options_of_protect_are_flags(monkeypatch):
    from glassine.cli.commands.protect import command

    flags = {p.opts[-1] for p in command.params if getattr(p, "is_flag", False)}
    assert set(script("run", monkeypatch).FLAGS) == flags - {"--help"}


@pytest.mark.parametrize("name", ("home", "run", "test", "check"))
def test_the_scripts_need_nothing_but_an_old_python(name):
    import ast

    tree = ast.parse((SCRIPTS / f"{name}.py").read_text("utf-8"), feature_version=(3, 8))
    names = {
        part.split(".")[0]
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for part in (
            [node.module] if isinstance(node, ast.ImportFrom) else [n.name for n in node.names]
        )
    }
    assert names <= set(sys.stdlib_module_names) | {"home", "check"}


def test_ci_runs_the_test_script_and_nothing_else():
    lines = (ROOT / ".ci" / "run").read_text("utf-8").splitlines()
    assert [line for line in lines if "scripts/" in line and not line.startswith("#")] == [
        "exec python3 scripts/test.py"
    ]
    assert os.name != "posix" or os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_shipped_painting_is_small():
    assert (ROOT / "examples" / "lake.png").stat().st_size < 300_000


@pytest.mark.parametrize(("given", "workers"), [([], True), (["tests/test_run.py"], False)])
def test_the_whole_suite_has_workers_and_a_part_of_it_none(given, workers, monkeypatch):
    module, called = script("test", monkeypatch), []
    monkeypatch.setattr(module, "install_programs", lambda: None)
    monkeypatch.setattr(module.home, "python", lambda *extras: Path("python"))
    done = subprocess.CompletedProcess([], 0, "")
    monkeypatch.setattr(module.subprocess, "run", lambda words, **_: called.append(words) or done)
    assert module.main(given) == 0
    words = next(words for words in called if "pytest" in words)
    assert ("-n" in words) == workers and words[-len(given) :] == (given or words)


def test_python_may_keep_what_it_compiles(home, monkeypatch):
    """pip compiles nothing here: a process that may not keep it would compile torch each time."""
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    monkeypatch.setenv("PYTHONUTF8", "1")
    assert "PYTHONDONTWRITEBYTECODE" not in home.environment()
    assert home.environment()["PYTHONUTF8"] == "1"
