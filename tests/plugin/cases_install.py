"""The installer: which Python, which steps, what is left of an engine."""

import json
import os

import pytest
from bench import (
    app,
    fresh_krita,
    painting,
    until,
    works,
)
from glassine_krita.docker import GlassineDocker
from glassine_krita.install import builds, installed, installer
from glassine_krita.studio import instance
from glassine_krita.studio.job import State
from glassine_krita.words.gaps import Message, message

__all__ = ["app", "fresh_krita", "painting", "works"]


def test_finding_a_python_and_refusing_old_ones(fresh_krita, monkeypatch, tmp_path):
    old = tmp_path / "old"
    old.write_text("#!/bin/sh\necho 3.8 /old\n")
    old.chmod(0o755)
    monkeypatch.setenv("GLASSINE_PYTHON", str(old))
    made = installer.Installer()
    ended = []
    made.ended.connect(ended.append)
    made.install(builds.builds_for()[0])
    until(lambda: ended)
    assert ended == [Message("no_python")] and installed.start_command() == ()
    assert not installed.engine_folder().exists(), "nothing was begun"


def script(path, *lines):
    path.write_text("\n".join(("#!/bin/sh", *lines, "")))
    path.chmod(0o755)
    return str(path)


def test_uv_makes_the_environment_where_no_python_will_do(fresh_krita, monkeypatch, tmp_path):
    """A uv that notes how it was called and makes an environment whose python does nothing."""
    calls = tmp_path / "calls"
    made_python = 'mkdir -p "$venv/bin"; printf "#!/bin/sh\\n" > "$venv/bin/python"'
    lines = (
        f'echo "$@" > {calls}',
        'for venv in "$@"; do :; done',
        made_python,
        'chmod +x "$venv/bin/python"',
    )
    monkeypatch.setenv("GLASSINE_PYTHON", script(tmp_path / "old", "echo 3.9 /old"))
    monkeypatch.setenv("GLASSINE_UV", script(tmp_path / "uv", *lines))
    made, ended = installer.Installer(), []
    made.ended.connect(ended.append)
    made.install(builds.builds_for()[0])
    until(lambda: ended)
    assert ended == [installer.DONE] and installed.engine_record()["finished"], made.log()
    said = calls.read_text().split()
    assert said[0] == "venv" and "--seed" in said and ">=3.11" in said
    assert said[-1] == str(installed.engine_folder() / "venv")
    assert installed.start_command()[0] == str(installed.engine_python())


def test_marks_that_cannot_be_installed_cost_nothing_else(fresh_krita, monkeypatch, tmp_path):
    """The libraries of the marks are the one step that may fail."""
    failed = message("install_failed", what=Message("install_step_torch"), reason="ERROR: no disk")
    for torch, expected in (("0", installer.DONE), ("1", failed)):
        lines = (
            'for venv in "$@"; do :; done',
            'mkdir -p "$venv/bin"',
            f'cp {tmp_path}/inner "$venv/bin/python"',
        )
        pip = "echo ERROR: no disk; echo note: new pip; exit " + torch
        inner = ("case $* in *'[c2pa'*) exit 1;; *' torch'*) " + pip + ";; esac",)
        script(tmp_path / "inner", *inner)
        monkeypatch.setenv("GLASSINE_PYTHON", script(tmp_path / "old", "echo 3.9 /old"))
        monkeypatch.setenv("GLASSINE_UV", script(tmp_path / "uv", *lines))
        made, ended = installer.Installer(), []
        made.ended.connect(ended.append)
        steps = []
        made.changed.connect(lambda made=made, steps=steps: steps.append((made.step, made.steps)))
        made.install(builds.builds_for()[0])
        until(lambda ended=ended: ended)
        assert ended == [expected], made.log()
        assert len({all_of for _, all_of in steps}) == 1, "as many as were announced"
        assert [at for at, _ in steps] == sorted(at for at, _ in steps)
        assert made.step == (made.steps if torch == "0" else 3)


@pytest.mark.parametrize("pythons", [True, False])
def test_an_installation_on_a_full_disk_ends_and_says_so(works, monkeypatch, tmp_path, pythons):
    monkeypatch.setenv("GLASSINE_PYTHON", script(tmp_path / "new", "echo 3.12 /new"))
    if not pythons:  # only uv, which is asked for nothing before
        monkeypatch.setattr(installer.pythons, "candidates", lambda: [])
        monkeypatch.setenv("GLASSINE_UV", "uv")

    def full(self, finished):
        raise OSError(28, "No space left on device", "state.json")

    monkeypatch.setattr(installer.Installer, "_note", full)
    works.engine.stop()
    works.installer.install(builds.builds_for()[0])
    until(lambda: "no space is left" in works.trouble)
    assert not works.installer.running
    until(lambda: works.engine.condition.name == "ready")


def test_an_installation_that_was_cancelled_leaves_the_engine_as_it_was(
    works, painting, monkeypatch, tmp_path
):
    monkeypatch.setenv("GLASSINE_PYTHON", script(tmp_path / "slow", "exec sleep 9999"))
    installed.engine_folder().mkdir(parents=True)
    told = {"version": installed.VERSION, "build": "cpu", "finished": True}
    (installed.engine_folder() / "state.json").write_text(json.dumps(told))
    works.choose(style="slow")
    job, before = works.apply(), works.engine.process_id
    until(lambda: job.progress.fraction)
    made = GlassineDocker()
    made.setup._install()
    assert job.state == State.FAILED and job.why.code == "engine_ended" and not works.trouble
    assert works.engine.condition.name == "stopped" and not made.status.act.isVisibleTo(made)
    until(lambda: works.installer.running)
    works.installer.cancel()
    assert installed.engine_record() == told, "nothing was changed yet"
    until(lambda: works.engine.condition.name == "ready")
    assert works.engine.process_id != before and not works.trouble
    works.choose(style="plain")
    again = works.apply()
    until(lambda: not again.active)
    assert again.state == State.DONE
    made.deleteLater()


def test_uv_is_found_in_the_usual_places(monkeypatch, tmp_path):
    from pathlib import Path

    from glassine_krita.install import pythons

    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    monkeypatch.setattr(Path, "home", lambda: tmp_path)
    assert not pythons.find_uv().startswith(str(tmp_path))
    folder = tmp_path / ".local" / "bin"
    folder.mkdir(parents=True)
    script(folder / pythons.UV, "")
    assert pythons.find_uv() == str(folder / pythons.UV)
    assert pythons.parse_probe("3.12 /a b/python\n") == ((3, 12), "/a b/python")
    assert pythons.parse_probe("no python here") == pythons.parse_probe("") == ((), "")


@pytest.mark.parametrize("system", ["linux", "win32", "darwin", "freebsd14"])
def test_every_build_says_its_size_beforehand(system):
    from glassine_krita.views.setup import size_words

    for build in builds.builds_for(system):
        assert 100 < build.download < build.disk
        words = size_words(build)
        assert "download" in words and ("asked in" in words) == bool(build.asked)


def test_torch_and_torchvision_come_from_one_index(monkeypatch):
    monkeypatch.delenv("GLASSINE_TORCH", raising=False)
    for rows in builds.BUILDS.values():
        for build in rows:
            words = builds.torch_arguments(build)
            assert words[:2] == ["torch", "torchvision"]
            assert words[2:] == (["--index-url", build.index] if build.index else [])


def test_an_engine_of_another_version_is_not_started(fresh_krita):
    folder = installed.engine_folder()
    folder.mkdir(parents=True)
    installed.engine_python().parent.mkdir(parents=True)
    installed.engine_python().write_text("")
    state = {"version": "0.0.1", "build": "cpu", "finished": True}
    (folder / "state.json").write_text(json.dumps(state))
    assert installed.is_outdated() and installed.start_command() == ()
    state["version"] = installed.VERSION
    (folder / "state.json").write_text(json.dumps(state))
    assert installed.start_command()[1:] == ("-I", "-u", "-m", "glassine.service")
    freeing = installed.remove_engine()
    assert installed.engine_record() == {} and not (folder / "venv").exists()
    freeing.join()
    assert os.listdir(folder) == [] and installed.remove_engine() is None


def test_what_was_left_of_a_removed_engine_goes_at_the_next_start(fresh_krita):
    for name in (installed.REMOVED + "1f", "venv"):
        (installed.engine_folder() / name / "lib").mkdir(parents=True)
    instance._made.clear()
    made = instance.studio()
    until(lambda: os.listdir(installed.engine_folder()) == ["venv"])
    made.close()
    instance._made.clear()


def test_removing_the_engine_is_asked_once(works, monkeypatch):
    (installed.engine_folder() / "venv").mkdir(parents=True)
    told = {"version": installed.VERSION, "build": "cpu", "finished": True}
    (installed.engine_folder() / "state.json").write_text(json.dumps(told))
    made = GlassineDocker()
    made.open("setup")
    made.setup.remove.click()
    assert installed.engine_record() == told and made.setup.remove.text() == "Really remove it?"
    made.open("setup")
    assert made.setup.remove.text() == "Remove engine", "who leaves has not said yes"
    made.setup.remove.click()
    made.setup.remove.click()
    assert installed.engine_record() == {} and not (installed.engine_folder() / "venv").exists()
    until(lambda: not os.listdir(installed.engine_folder()))
    made.deleteLater()
