"""A folder of pictures: finished once, resumed after any end, one bad picture costs itself."""

import json
import multiprocessing
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
from dataclasses import replace
from multiprocessing.process import BaseProcess
from types import SimpleNamespace

import psutil
import pytest
import torch
import typed
import workers
from glassine.batch import worker
from glassine.batch.folder import copies_of_tree, surveyed
from glassine.batch.jobs import NAME, request_digest
from glassine.batch.run import batch
from glassine.batch.worker import Task, Worker
from glassine.cli.commands.batch import ended_line
from glassine.errors import NotUsable
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.types import Export, Intent, Keep
from waiting import PATIENCE, line, until

pytestmark = pytest.mark.usefixtures("one_viewer")

INTENT = Intent(effort="preview", surrogates=("embedded",))


@pytest.fixture
def folders(tmp_path, scene):
    """Two small pictures, one of them in a folder of its own, and a place for results."""
    inside, out = tmp_path / "in", tmp_path / "out"
    (inside / "deep").mkdir(parents=True)
    out.mkdir()
    for number, name in enumerate(("a.png", "deep/c.png")):
        crop = scene[:, 20:68, 20 * number : 20 * number + 48]
        (inside / name).write_bytes(FORMATS["png"].write(crop, None, Keep(), 95))
    return inside, out


@pytest.fixture
def without_process(monkeypatch):
    """A worker's work, done here: where its process is not the point, starting torch is."""
    monkeypatch.setattr(Worker, "do", lambda self, work, watch: worker.delivered(work, watch))


def run(inside, out, intent=INTENT):
    states = []
    return batch(inside, out, intent, states.append), states


def test_every_picture_is_done_once_and_the_tree_is_kept(folders):
    inside, out = folders
    end, states = run(inside, out)
    assert (end.done, end.failed, end.skipped, end.total) == (2, 0, 0, 2)
    made = out / "deep" / "c.glassine.png"
    assert read(made).rgb.shape == (3, 48, 48) and made.with_suffix(".html").exists()
    assert any(state.left is not None for state in states), "the time left is told"
    assert max(s.done + s.failed for s in states) == 2
    before = made.read_bytes()
    end, _ = run(inside, out)
    assert (end.done, end.skipped) == (0, 2)
    made.unlink()
    end, _ = run(inside, out)
    assert (end.done, end.skipped) == (1, 1)
    assert made.read_bytes() == before, "a repeat gives the same pixels without a seed being named"


@pytest.mark.usefixtures("without_process")
def test_other_settings_or_another_picture_are_done_again(folders):
    inside, out = folders
    other = (inside / "deep" / "c.png").read_bytes()
    (inside / "deep" / "c.png").unlink()
    run(inside, out)
    end, _ = run(inside, out, replace(INTENT, strength="subtle"))
    assert (end.done, end.skipped) == (1, 0)
    (inside / "a.png").write_bytes(other)
    end, _ = run(inside, out, replace(INTENT, strength="subtle"))
    assert (end.done, end.skipped) == (1, 0)


@pytest.mark.usefixtures("without_process")
def test_all_pictures_pull_towards_one_style_also_in_later_runs(folders):
    inside, out = folders
    run(inside, out)
    base = sqlite3.connect(out / NAME)
    (style,) = base.execute("SELECT value FROM choices WHERE kind='style'").fetchone()
    base.close()
    pages = [path.read_text("utf-8") for path in out.rglob("*.html")]
    assert len(pages) == 2 and all(style in page for page in pages)


@pytest.mark.usefixtures("without_process")
def test_the_style_is_drawn_later_where_the_first_run_could_read_no_picture(folders):
    inside, out = folders
    good = {path: path.read_bytes() for path in inside.rglob("*.png")}
    for path in good:
        path.write_bytes(b"nonsense")
    assert run(inside, out)[0].failed == 2
    base = sqlite3.connect(out / NAME)
    assert base.execute("SELECT count(*) FROM choices").fetchone() == (0,)
    base.execute("INSERT INTO choices VALUES ('style', '')")  # as earlier versions stored it
    base.commit()
    base.close()
    for path, data in good.items():
        path.write_bytes(data)
    assert run(inside, out)[0].done == 2
    base = sqlite3.connect(out / NAME)
    (style,) = base.execute("SELECT value FROM choices WHERE kind='style'").fetchone()
    base.close()
    pages = [path.read_text("utf-8") for path in out.rglob("*.html")]
    assert style and len(pages) == 2 and all(style in page for page in pages)


@pytest.mark.usefixtures("without_process")
def test_a_bad_picture_costs_only_itself(folders):
    inside, out = folders
    (inside / "0bad.png").write_bytes(b"nonsense")
    end, states = run(inside, out)
    assert (end.done, end.failed) == (2, 1)
    assert any("not a picture" in str(state.problem) for state in states)
    (inside / "0bad.png").write_bytes((inside / "a.png").read_bytes())
    end, _ = run(inside, out)
    assert (end.done, end.failed, end.skipped) == (1, 0, 2), "what failed is tried again"


@pytest.mark.usefixtures("without_process")
def test_the_folder_is_named_with_the_picture_that_failed(folders):
    inside, out = folders
    (inside / "deep" / "bad.png").write_bytes(b"nonsense")
    _, states = run(inside, out)
    assert any(ended_line(state).startswith("deep/bad.png: ") for state in states)


@pytest.mark.skipif(not os.path.exists("/proc/self/mem"), reason="needs a file that fails to read")
@pytest.mark.usefixtures("without_process")
def test_a_file_that_the_disk_does_not_give_costs_only_itself(folders):
    inside, out = folders
    (inside / "0.png").symlink_to("/proc/self/mem")
    end, states = run(inside, out)
    assert (end.done, end.failed) == (2, 1)
    (said,) = (ended_line(state) for state in states if state.failed and state.name == "0.png")
    assert said.startswith("0.png: ") and "could not be" in said


@pytest.mark.usefixtures("without_process")
def test_a_file_in_the_place_of_a_folder_costs_only_its_pictures(folders):
    inside, out = folders
    (out / "deep").write_bytes(b"in the way")
    end, states = run(inside, out)
    assert (end.done, end.failed) == (1, 1)
    said = [ended_line(state) for state in states]
    assert any(line.startswith("deep/c.png: ") and "folder" in line for line in said)
    assert (out / "deep").read_bytes() == b"in the way"


@pytest.mark.usefixtures("without_process")
def test_a_name_that_is_no_text_is_a_name_like_any_other(folders):
    inside, out = folders
    try:
        odd = os.fsencode(inside) + b"/caf\xe9.png"
        os.rename(inside / "a.png", odd)
    except OSError:
        pytest.skip("this system has no such file names")
    end, _ = run(inside, out)
    assert (end.done, end.failed) == (2, 0)
    assert os.path.exists(os.fsencode(out) + b"/caf\xe9.glassine.png")
    assert run(inside, out)[0].skipped == 2
    with open(odd, "wb") as stream:
        stream.write(b"nonsense")
    assert run(inside, out)[0].failed == 1


def test_an_accident_at_one_picture_costs_only_it(folders, monkeypatch, capfd):
    from glassine.batch import worker
    from glassine.flow import deliver

    def broken(*_, **__):
        raise TypeError("a network of the wrong shape")

    monkeypatch.setattr(deliver, "deliver", broken)
    source = folders[0] / "a.png"
    task = Task(source, source.with_suffix(".x"), INTENT, "cpu", False)
    said = worker.delivered(task, lambda now: None).problem
    assert "a network of the wrong shape" in " ".join(said.details())
    assert "GLASSINE_DEBUG" in str(said)
    assert "Traceback" not in capfd.readouterr().err
    monkeypatch.setenv("GLASSINE_DEBUG", "1")
    worker.delivered(task, lambda now: None)
    assert "Traceback" in capfd.readouterr().err


@pytest.mark.usefixtures("without_process")
def test_success_is_told_by_the_outcome_and_not_by_its_words(folders, capsys):
    inside, out = folders
    (inside / "a.png").rename(inside / "a -> b.png")
    (inside / "bad -> worse.png").write_bytes(b"nonsense")
    asked = ("--effort", "preview", "--surrogates", "embedded", "--json")
    assert typed.run("batch", inside, "-o", out, *asked) == 1
    told = json.loads(capsys.readouterr().out)
    assert (told["done"], told["failed"]) == (2, 1)
    (problem,) = told["problems"]
    assert problem["name"] == "bad -> worse.png" and problem["code"] == "read.no_picture"
    assert "not a picture" in problem["says"]


def test_a_dead_worker_costs_one_attempt_of_one_picture(folders, monkeypatch):
    monkeypatch.setattr(worker, "work", workers.held_once_at_a)
    inside, out = folders
    killed, said = [], []

    def kill_once(state):
        said.append(str(state.problem))
        if state.name == "a.png" and state.now and not killed:
            (process,) = multiprocessing.active_children()
            killed.append(process.pid)
            process.kill()

    end = batch(inside, out, INTENT, kill_once)
    assert killed and (end.done, end.failed) == (2, 0)
    assert sum("worker died in attempt 1 of 2" in text for text in said) == 1


def test_a_picture_that_always_kills_its_worker_is_given_up(folders, monkeypatch):
    monkeypatch.setattr(worker, "work", workers.held_at_a)
    inside, out = folders
    said = []

    def kill(state):
        said.append(str(state.problem))
        if state.name == "a.png" and state.now:
            for process in multiprocessing.active_children():
                process.kill()

    end = batch(inside, out, INTENT, kill)
    assert (end.done, end.failed) == (1, 1)
    assert any("died 2 times" in text and "smaller copy" in text for text in said)


@pytest.mark.skipif(os.name != "posix", reason="kills with a Unix signal")
def test_a_killed_batch_leaves_no_worker_and_goes_on(folders):
    inside, out = folders
    second = inside / "deep" / "c.png"
    small = second.read_bytes()
    second.write_bytes(FORMATS["png"].write(torch.rand(3, 128, 128), None, Keep(), 95))  # for long
    command = [sys.executable, "-m", "glassine.cli", "batch", str(inside), "-o", str(out)]
    command += ["--effort", "preview", "--surrogates", "embedded"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        line(process.stderr, "a.png ->")
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGKILL)
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert family and not alive, "the worker went on without its batch"
    assert not list(out.rglob("*.part"))
    second.write_bytes(small)
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0
    assert "1 protected, 1 were finished before" in done.stdout


@pytest.mark.skipif(os.name != "posix", reason="sends a Unix signal")
@pytest.mark.parametrize("processes", [1, 2])  # the worker is on its way; it is there
def test_ctrl_c_stops_a_batch_at_once(folders, processes):
    inside, out = folders
    command = [sys.executable, "-m", "glassine.cli", "batch", str(inside), "-o", str(out)]
    command += ["--effort", "full", "--surrogates", "embedded"]
    with subprocess.Popen(command, stdout=-1, stderr=-1, text=True) as process:
        until(
            lambda: len(psutil.Process(process.pid).children()) >= processes,
            "the worker",
            every=0.05,
        )
        family = psutil.Process(process.pid).children(recursive=True)
        process.send_signal(signal.SIGINT)
        said = process.stderr.read()
    assert process.returncode in (130, -signal.SIGINT), said  # a shell calls both 130
    assert "Stopped" in said
    _, alive = psutil.wait_procs(family, timeout=PATIENCE)
    assert not alive


@pytest.mark.skipif(os.name != "posix", reason="Windows knows no signal that a program may hear")
def test_a_worker_that_is_stopped_while_it_writes_leaves_nothing_half_written(
    monkeypatch, tmp_path
):
    monkeypatch.setattr(worker, "work", workers.on_a_slow_disk)
    stopped = Worker()
    task = Task(tmp_path, tmp_path / "a.png", INTENT, "cpu", False)
    stopped._started().send_bytes(pickle.dumps(task))
    until(lambda: list(tmp_path.glob(".a.png.*.part")), "a file half written")
    stopped.stop()
    assert list(tmp_path.iterdir()) == []


def test_a_worker_is_whole_when_ctrl_c_is_heard(monkeypatch, tmp_path):
    def start(process):
        signal.raise_signal(signal.SIGINT)
        begun(process)

    begun = BaseProcess.start
    monkeypatch.setattr(BaseProcess, "start", start)
    worker = Worker()
    with pytest.raises(KeyboardInterrupt):
        worker.do(Task(tmp_path, tmp_path, INTENT, "cpu", False), lambda now: None)
    started = psutil.Process(worker.pid)
    worker.stop()
    assert not started.is_running()


@pytest.mark.usefixtures("without_process")
def test_two_batches_do_not_work_in_one_folder(folders):
    inside, out = folders
    refused = []

    def second(state):
        if not refused:
            with pytest.raises(NotUsable, match="Another batch is working"):
                batch(inside, out, INTENT, lambda state: None)
            refused.append(True)

    batch(inside, out, INTENT, second)
    assert refused


def test_a_damaged_ledger_is_said(folders):
    inside, out = folders
    (out / NAME).write_bytes(b"not a database" * 100)
    with pytest.raises(NotUsable, match=r"damaged.*Delete it"):
        run(inside, out)


def test_what_is_no_picture_or_ours_is_passed_over(folders):
    inside, out = folders
    (inside / "notes.txt").write_text("x")
    (inside / ".hidden.png").write_bytes(b"x")
    (inside / "a.glassine.png").write_bytes(b"x")
    assert [path.name for path in surveyed(inside, out).pictures] == ["a.png", "c.png"]


@pytest.mark.parametrize(
    ("source", "target", "words"),
    [
        ("none", "out", "no folder"),
        ("in/a.png", "out", "a batch takes a folder"),
        ("in", "none/deep", "Make that one first"),
        ("in", "in/a.png", "is a file"),
        ("in", "in", "folder of the originals"),
        ("out", "in", "nothing in"),
    ],
)
def test_folders_that_cannot_be_used_are_said(folders, source, target, words):
    top = folders[0].parent
    with pytest.raises(NotUsable, match=words):
        run(top / source, top / target)


@pytest.mark.usefixtures("without_process")
def test_the_folder_for_the_results_is_made(folders):
    inside, out = folders
    end, _ = run(inside, out / "new")
    assert end.done == 2 and (out / "new" / "a.glassine.png").exists()


@pytest.mark.usefixtures("without_process")
def test_what_is_protected_already_is_done_when_it_is_asked_for(folders):
    inside, out = folders
    noted = replace(INTENT, export=Export(marks=("receipt",)))
    run(inside, out, noted)
    (inside / "copy.png").write_bytes((out / "a.glassine.png").read_bytes())
    end, states = run(inside, out, noted)
    assert end.failed == 1 and any("--again" in ended_line(state) for state in states)
    end = batch(inside, out, noted, lambda state: None, again=True)
    assert (end.done, end.skipped) == (1, 2)


@pytest.mark.usefixtures("without_process")
def test_twins_of_different_formats_stay_apart(folders):
    inside, out = folders
    rgb = read(inside / "a.png").rgb
    (inside / "a.webp").write_bytes(FORMATS["webp"].write(rgb, None, Keep(), 95))
    (inside / "deep" / "c.png").unlink()
    end, _ = run(inside, out)
    names = {path.name for path in out.glob("*.png")}
    assert end.done == 2 and names == {"a.png.glassine.png", "a.webp.glassine.png"}


def test_no_two_pictures_share_a_result_on_any_disk(tmp_path):
    names = ("A.png", "a.jpg", "a.png.webp", "b.png", "b.png.webp", "d/a.png")
    paths = [tmp_path / name for name in names]
    made = copies_of_tree(paths, tmp_path, tmp_path / "out", ".png")
    assert list(made) == paths
    assert len({str(path).casefold() for path in made.values()}) == len(names)
    assert made[tmp_path / "d" / "a.png"] == tmp_path / "out" / "d" / "a.glassine.png"
    assert made[tmp_path / "b.png"].name == "b.glassine.png"


def test_the_fingerprint_of_a_request_sees_every_part():
    requests = (
        INTENT,
        replace(INTENT, seed=1),
        replace(INTENT, target=torch.zeros(3, 4, 4)),
        replace(INTENT, target=torch.ones(3, 4, 4)),
        replace(INTENT, export=Export(quality=80)),
    )
    assert len({request_digest(request) for request in requests}) == len(requests)
    assert request_digest(INTENT) == request_digest(replace(INTENT))


def test_a_result_that_cannot_be_noted_costs_only_itself(monkeypatch, tmp_path):
    """A run of many machines ends its pictures here too."""
    from glassine.batch.run import Run
    from glassine.batch.worker import Outcome

    class Jobs:
        def write(self, *_):
            raise OSError("the disk is full")

    run, said = object.__new__(Run), []
    run.jobs, run.targets = Jobs(), {tmp_path: tmp_path / "out" / "a.png"}
    run.batch = SimpleNamespace(to=None)
    monkeypatch.setattr(Run, "say", lambda self, path, outcome, seconds: said.append(outcome))
    run.ended(tmp_path, None, Outcome(), 0.0)
    assert [one.problem.code for one in said] == ["batch.not_used"]
