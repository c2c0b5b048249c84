"""A batch on a Ray cluster: what goes to a machine and comes back, and one real run of it."""

import os
import shutil
import subprocess
import sys
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import pytest
import typed
from glassine import ledger
from glassine.batch import cluster, quiet
from glassine.batch.cluster import put_here
from glassine.batch.jobs import NAME
from glassine.batch.run import batch
from glassine.batch.there import Made, followed_there, made_there
from glassine.batch.worker import Outcome, Task
from glassine.errors import Cancelled
from glassine.explore import views
from glassine.flow import deliver as delivering
from glassine.flow.deliver import deliver
from glassine.ledger import is_sidecar
from glassine.machine import memory
from glassine.pixels.grid import pixel_digest
from glassine.types import Export, Intent, Progress
from waiting import until

pytestmark = pytest.mark.usefixtures("one_viewer")

INTENT = Intent(
    effort="preview",
    surrogates=("embedded",),
    seed=3,
    export=Export(marks=("xmp", "receipt"), sidecar=True, keep_path=True),
)
needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not installed (259 MB)")


@pytest.fixture(autouse=True)
def own_ledger(tmp_path, monkeypatch):
    monkeypatch.setenv("GLASSINE_LEDGER", str(tmp_path / "own.sqlite3"))


def there_and_back(task, monkeypatch):
    """A task's way without Ray between: a machine's ledger is not this one's."""
    before = os.environ["GLASSINE_LEDGER"]
    made = made_there(task.source.read_bytes(), task, task.target.suffix)
    monkeypatch.setenv("GLASSINE_LEDGER", before)
    return made


@pytest.fixture
def protected_once(monkeypatch):
    """The engine protects a picture once and gives the same again for the very same request.

    The list of requests: a picture, an intent less what is about files here, and a device.
    """
    asked, kept, whole = [], [], delivering.verified

    def verified(artwork, intent, *, device, watch):
        export = replace(intent.export, keep_path=False, sidecar=False)
        pixels = pixel_digest(artwork.rgb, artwork.keep.depth)
        asked.append((pixels, replace(intent, export=export), device))
        if asked[-1] != asked[0] or not kept:
            kept.append(whole(artwork, intent, device=device, watch=watch))
        watch(Progress(1, 2, "verify"))
        return kept[-1]

    monkeypatch.setattr(delivering, "verified", verified)
    return asked


def test_what_comes_back_is_what_would_have_been_made_here(
    painting, tmp_path, monkeypatch, protected_once
):
    here, away = tmp_path / "here.png", tmp_path / "away.png"
    deliver(painting, here, INTENT)
    task = Task(painting, away, INTENT, "auto", again=False)
    cluster.check_place(task)
    made = there_and_back(task, monkeypatch)
    assert isinstance(made, Made) and len(ledger.entries()) == 1, (
        "noted here only when it lies here"
    )
    assert len(protected_once) == 2 and protected_once[0] == protected_once[1]
    assert put_here(task, made) == Outcome(weak=made.weak)
    assert away.read_bytes() == here.read_bytes()
    assert away.with_suffix(".html").read_text("utf-8").startswith("<!doctype html>")
    (entry,) = ledger.entries()
    assert ledger.broken() is None and entry.path.endswith(("here.png", "away.png"))
    assert is_sidecar(tmp_path / "away.png.receipt.json")
    before = os.environ["GLASSINE_LEDGER"]
    *told, last = followed_there(painting.read_bytes(), task, ".png")
    monkeypatch.setenv("GLASSINE_LEDGER", before)
    assert told == [Progress(1, 2, "verify")] and last.copy == made.copy


def test_what_goes_wrong_there_is_told_by_the_name_it_has_here(tmp_path, monkeypatch):
    bad = tmp_path / "my bad picture.png"
    bad.write_bytes(b"nonsense")
    task = Task(bad, tmp_path / "out.png", INTENT, "auto", again=False)
    made = there_and_back(task, monkeypatch)
    assert isinstance(made, Outcome) and "my bad picture.png" in str(made.problem)
    assert "original" not in str(made.problem) and "glassine-task" not in str(made.problem)


def test_a_task_asks_for_the_memory_that_its_picture_takes():
    assert memory.needed(24_000_000) - memory.needed(4_000_000) == 20_000_000 * 90
    measured = {512: 1.51e9, 1024: 2.33e9, 2048: 2.96e9}  # with the page
    assert all(1.05 < memory.needed(side * side) / peak < 1.5 for side, peak in measured.items())


def test_what_is_taken_for_the_largest_view_is_the_largest_view():
    assert (views.AROUND * max(views.SIZES)) ** 2 == memory._VIEWED


@pytest.mark.skipif(os.name != "posix", reason="kills with a Unix signal")
def test_nothing_stays_of_a_picture_whose_worker_is_killed():
    """Signal 9 in the middle: the original goes with it."""
    code = (
        "import time; from glassine.machine.passing import passing_folder\n"
        "with passing_folder('glassine-try-') as made:\n"
        "    (made / 'original').write_bytes(b'x'); print(made, flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=-1, text=True) as worker:
        folder = Path(worker.stdout.readline().strip())
        assert (folder / "original").exists()
        worker.kill()
    until(lambda: not folder.exists(), "the folder gone")


class FakeCluster:
    """What `Away` asks of a cluster: each picture's answers, one list for every time it is sent."""

    def __init__(self, *sent):
        self.sent, self.ended = list(sent), []

    def begun(self, task):
        return self.sent.pop(0)

    def answers(self, begun):
        for answer in begun:
            if isinstance(answer, str):
                raise RuntimeError(answer)
            yield answer

    def end(self, begun):
        self.ended.append(begun)

    def lost_by(self, error):
        return {"worker": "worker", "machine": "machine"}.get(str(error))


def test_a_service_on_a_cluster_sends_once_more_what_a_machine_lost(tmp_path):
    """A worker that died is the service's to count, a machine is not; a stop ends it there."""
    away = pytest.importorskip("glassine.site.away", reason="the extra `site` is not installed")
    task = Task(tmp_path / "original", tmp_path / "copy.png", INTENT, "auto", again=False)
    made, seen = Made(b"copy", b"<!doctype html>", None, None), []
    step = Progress(1, 4, "optimise")
    on = FakeCluster([step, "machine"], [None, "machine"], [None, step, made])
    assert away.Away(on).do(task, seen.append) == Outcome()
    assert task.target.read_bytes() == b"copy" and on.sent == [] and on.ended == []
    start = Progress(0, 1, "optimise")
    assert seen == [step, start, start, step], "it is looked at also while nothing is told"
    for lost in ([["worker"]], [["machine"]] * cluster.LOST, [[]]):
        with pytest.raises(EOFError):
            away.Away(FakeCluster(*lost)).do(task, seen.append)
    with pytest.raises(RuntimeError, match="a bug"):
        away.Away(FakeCluster(["a bug"])).do(task, seen.append)

    def unwanted(now):
        raise Cancelled

    on = FakeCluster([None, made])
    hand = away.Away(on)
    with pytest.raises(Cancelled):
        hand.do(task, unwanted)
    hand.stop()
    hand.stop()
    assert on.ended == [[None, made]]


class FakeRay:
    """Ray's four calls on one thread: a task that is killed so often before it is done."""

    class exceptions:
        RayError = type("RayError", (Exception,), {})
        WorkerCrashedError = type("WorkerCrashedError", (RayError,), {})
        OutOfMemoryError = type("OutOfMemoryError", (RayError,), {})
        NodeDiedError = type("NodeDiedError", (RayError,), {})
        ObjectLostError = type("ObjectLostError", (RayError,), {})
        RaySystemError = type("RaySystemError", (RayError,), {})

    def __init__(self, ends):
        self.ends, self.sent = ends, []

    def options(self, **asked):
        self.asked = asked
        return self

    def remote(self, data, task, suffix):
        self.sent.append(task.source.name)
        return (len(self.sent), task, data, suffix)

    def cluster_resources(self):
        return {"CPU": 2.0}

    def wait(self, refs, num_returns):
        return refs[:1], refs[1:]

    def get(self, ref):
        _, task, *_ = ref
        ends = self.ends.get(task.source.name, [])
        if ends:
            raise getattr(self.exceptions, ends.pop(0))("")
        return Made(b"copy", b"page", None, None)


@pytest.fixture
def fake(monkeypatch):
    """A cluster of that Ray, without the connection."""

    def make(ends):
        made = object.__new__(cluster.Cluster)
        made._ray, made._cards = FakeRay(ends), 0.5
        made._work = made._ray
        return made

    return make


@pytest.fixture
def folders(tmp_path, painting):
    inside, out = tmp_path / "in", tmp_path / "out"
    inside.mkdir()
    for name in "abcdef":
        shutil.copy(painting, inside / f"{name}.png")
    return inside, out


def test_workers_and_machines_that_are_lost_cost_what_is_their_fault(folders, fake):
    """A worker that dies costs the picture an attempt, a machine that goes down costs it none.

    Nor does one whose memory is full: it ends the task that came last, whoever took the memory.
    """
    ends = {
        "a.png": ["WorkerCrashedError"],
        "b.png": ["WorkerCrashedError"] * 2,
        "c.png": ["NodeDiedError", "OutOfMemoryError"] * 2,
        "d.png": ["NodeDiedError"] * 5,
    }
    inside, out = folders
    on, states = fake(ends), []
    end = batch(inside, out, INTENT, states.append, on=on)
    assert (end.done, end.failed, end.total) == (4, 2, 6)
    sent = [on._ray.sent.count(f"{name}.png") for name in "abcdef"]
    assert sent == [2, 2, 5, 5, 1, 1]
    assert on._ray.asked["num_gpus"] == 0.5 and on._ray.asked["memory"] > 900e6
    given_up = [one for one in states if one.problem and one.problem.code == "batch.given_up"]
    told = {state.name: state.problem.fields["attempts"] for state in given_up}
    assert told == {"b.png": 2, "d.png": 5}
    on = fake({})
    again = batch(inside, out, INTENT, states.append, on=on)
    assert (again.done, again.skipped) == (2, 4) and sorted(on._ray.sent) == ["b.png", "d.png"]
    assert (out / NAME).exists()


def test_what_is_no_cluster_is_said(folders, capsys):
    inside, out = folders
    assert typed.run("batch", inside, "-o", out, "--on", "slurm") == 2
    assert "ray=ADDRESS" in capsys.readouterr().err
    if find_spec("ray") is None:
        assert typed.run("batch", inside, "-o", out, "--on", "ray") == 4


def test_the_example_for_a_cluster_has_what_keeps_ray_quiet():
    example = Path(__file__).resolve().parents[1] / "examples" / "site" / "ray.env"
    lines = [one for one in example.read_text().splitlines() if not one.startswith("#")]
    assert dict(one.split("=", 1) for one in lines) == quiet.QUIET | quiet.SHUT


def test_the_environment_is_as_it_was_once_ray_runs(monkeypatch):
    """A proxy of the user's comes back, and one that was not there is gone again."""
    monkeypatch.setenv("http_proxy", "http://proxy.example")
    monkeypatch.delenv("no_proxy", raising=False)
    with quiet.with_environment(quiet.SHUT):
        assert os.environ["http_proxy"] == "http://127.0.0.1:9" and "no_proxy" in os.environ
    assert os.environ["http_proxy"] == "http://proxy.example" and "no_proxy" not in os.environ


ALONE = """
ip link set lo up && ip link add out0 type ifb && sysctl -qw net.ipv6.conf.out0.disable_ipv6=1 &&
ip addr add 10.9.9.9/24 dev out0 && ip link set out0 up && ip route add default dev out0 || exit 77
"$@" & job=$!
while kill -0 $job; do ss -Hltn; sleep 0.5; done 2>/dev/null | awk '{print "listens", $4}' | sort -u
wait $job; code=$?
ip -s -j link show out0 | sed 's/.*"rx":{"bytes":[0-9]*,"packets":\\([0-9]*\\).*/left \\1/'
exit $code
"""
"""In a network of its own, whose way out counts what would have left; and who listens meanwhile."""


@needs_ray
@pytest.mark.slow
@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare is not there")
def test_a_real_ray_does_a_folder_and_asks_no_other_machine(folders):
    """Nothing of it listens at this machine's own address, and no packet takes the way out."""
    inside, out = folders
    for name in "cdef":
        (inside / f"{name}.png").unlink()
    (inside / "bad.png").write_bytes(b"nonsense")
    command = [sys.executable, "-m", "glassine.cli", "batch", str(inside), "-o", str(out), "--on"]
    command += ["ray", *typed.SMALL]
    alone = ["unshare", "-n", "sh", "-c", ALONE, "sh"]
    done = subprocess.run([*alone, *command], capture_output=True, text=True)
    if done.returncode == 77:
        pytest.skip("no device of the kind ifb can be made here")
    assert done.returncode == 1, done.stderr
    assert "2 protected, 0 were finished before, 1 failed, of 3" in done.stdout
    assert {one.name for one in out.glob("*.png")} == {"a.glassine.png", "b.glassine.png"}
    at = [one.split()[1] for one in done.stdout.splitlines() if one.startswith("listens")]
    assert at and all("127.0.0.1" in one for one in at), at
    assert "left 0" in done.stdout.splitlines()
    assert len(ledger.entries()) == 1, "both are the same picture, and so the same export"
