"""A batch and a service on two Ray nodes that are killed: python -m lab.bench.cluster

It runs itself (as root) in a network namespace whose only route out is a device that counts
packets. The batch has two hundred pictures of 64 to 128 pixels: a node is killed with signal 9, a
second driver is refused, the driver is killed, another one does the rest. Then pictures are sent to
`glassine site` on the same cluster while a worker and a node are killed. On the nodes a stand-in
copies each picture in half a second (sitecustomize, below); one more picture kills the process that
opens it. --engine runs the real engine, without that picture.

The result is lab/bench/results/cluster.json, one row a run.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import psutil
from glassine.batch.quiet import QUIET, SHUT
from PIL import Image

RESULT = Path(__file__).parent / "results" / "cluster.json"
HERE = "10.9.9.9"
HEAD = f"{HERE}:6399"
NETWORK = (
    "ip link set lo up && ip link add out0 type ifb && "
    "sysctl -qw net.ipv6.conf.out0.disable_ipv6=1 && "
    f"ip addr add {HERE}/24 dev out0 && ip link set out0 up && ip route add default dev out0 && "
    'exec "$@"'
)
STAND_IN = """
import importlib.util, os, signal, sys, time


def delivered(task, watch):
    from glassine.batch.worker import Outcome
    from glassine.types import Progress

    data = task.source.read_bytes()
    if data.endswith(b"killer"):
        os.kill(os.getpid(), signal.SIGKILL)
    watch(Progress(1, 2, "optimise"))
    time.sleep(0.5)
    task.target.write_bytes(data)
    task.target.with_suffix(".html").write_text("<!doctype html>")
    return Outcome()


class Instead:
    def find_spec(self, name, path, target=None):
        if name != "glassine.batch.there":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        whole = spec.loader.exec_module

        def exec_module(module):
            whole(module)
            module.delivered = delivered

        spec.loader.exec_module = exec_module
        return spec


sys.meta_path.insert(0, Instead())
"""
Row = dict[str, object]


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=200)
    options.add_argument("--engine", action="store_true", help="the engine and no stand-in")
    options.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if not given.inside:
        again = [sys.executable, "-m", "lab.bench.cluster", "--inside", *sys.argv[1:]]
        os.execvp("unshare", ["unshare", "-n", "sh", "-c", NETWORK, "sh", *again])
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}  # this run's own
    others = {"RAY_memory_monitor_refresh_ms": "0"}  # memory of other programs ends no task
    os.environ |= QUIET | SHUT | token | others | {"OMP_NUM_THREADS": "1"}
    with TemporaryDirectory() as made:
        work = Path(made)
        if not given.engine:
            (work / "sitecustomize.py").write_text(STAND_IN)
            os.environ["PYTHONPATH"] = f"{work}:{os.environ.get('PYTHONPATH', '')}"
        os.environ["GLASSINE_LEDGER"] = str(work / "ledger.sqlite3")
        draw(work / "in", given.count)
        if not given.engine:
            killer = (work / "in" / "000.png").read_bytes() + b"killer"
            (work / "in" / "killer.png").write_bytes(killer)
        row = measured(work, given.count)
    rows = json.loads(RESULT.read_text()) if RESULT.exists() else []
    row = {"engine": "its own" if given.engine else "a stand-in of half a second", **row}
    rows = [one for one in rows if one["engine"] != row["engine"]] + [row]
    RESULT.write_text(json.dumps(rows, indent=1) + "\n")
    print(json.dumps(row, indent=1))


def measured(work: Path, count: int) -> Row:
    with nodes(work) as (start, running):
        row: Row = {"pictures": count, "cores": os.cpu_count(), "sides": "64 to 128 px"}
        row["batch"] = batch_row(work, count, lambda: kill(running.pop()))
        print(json.dumps(row["batch"]), flush=True)
        running.append(start(f"--address={HEAD}"))
        row["site"] = site_row(work, lambda: kill(running.pop()))
        row["listening elsewhere than on the cluster's own address"] = listening()
    row["packets that would have left"] = left()
    return row


def batch_row(work: Path, count: int, kill_node: Callable[[], None]) -> Row:
    """A run whose second node is killed, then its driver, and a second run that does the rest."""
    out, began = work / "out", time.monotonic()
    command = [*GLASSINE, "batch", str(work / "in"), "-o", str(out), "--on", f"ray={HEAD}", *QUICK]
    driver = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    wait_for(lambda: len(copies(out)) >= count // 4, driver)
    kill_node()
    twin = subprocess.run(command, capture_output=True, text=True)
    wait_for(lambda: len(copies(out)) >= count // 2, driver)
    driver.send_signal(signal.SIGKILL)
    driver.wait()
    between = len(copies(out))
    done = subprocess.run([*command, "--json"], capture_output=True, text=True)
    if not done.stdout:
        raise RuntimeError(done.stderr)
    end = json.loads(done.stdout)
    with sqlite3.connect(out / ".glassine-batch.sqlite") as base:
        rows = base.execute("SELECT count(*), count(DISTINCT name) FROM jobs").fetchone()
    says = twin.stderr.replace(f"{work}/", "").strip()[-120:]
    return {
        "second driver": {"exit": twin.returncode, "says": says},
        "copies when the driver was killed": between,
        "copies": len({Image.open(one).size and one.name for one in copies(out)}),
        "second run": {name: end[name] for name in ("done", "skipped", "failed", "total")},
        "failed": sorted({one["name"] for one in end["problems"]}),
        "rows of the ledger, pictures in it": list(rows),
        "half written": len(list(out.rglob("*.part"))),
        "seconds": round(time.monotonic() - began),
    }


def site_row(work: Path, kill_node: Callable[[], None], number: int = 40) -> Row:
    """Pictures sent to a service on the cluster: a worker is killed, then a node."""
    address, names = "http://127.0.0.1:8643", sorted((work / "in").glob("0*.png"))[:number]
    command = [*GLASSINE, "site", "--port", "8643", "--on", f"ray={HEAD}", "--workers", "2"]
    log = (work / "site.log").open("wb")
    service = subprocess.Popen([*command, "--hourly", "1000"], stderr=log)
    asked = httpx.Client(base_url=address, trust_env=False, timeout=60)
    try:
        wait_for(lambda: answers(asked), service)
        began, jobs = time.monotonic(), list[str]()
        for number, name in enumerate(names):
            jobs.append(sent(asked, name))
            if number == len(names) // 4:
                killed = kill_worker()
            if number == len(names) // 2:
                kill_node()
        seconds, ends = time.monotonic() - began, [ended(asked, job) for job in jobs]
        told = asked.get("/metrics").text.splitlines()
        for job in jobs:
            asked.delete(job)
    finally:
        service.terminate()
        code = service.wait()
    return {
        "pictures": len(jobs),
        "done": sum(one["state"] == "done" for one in ends),
        "workers killed": killed,
        "workers lost, as it counts them": [
            float(one.split()[1]) for one in told if one.startswith("glassine_workers_lost_total")
        ],
        "seconds until the last was taken": round(seconds, 1),
        "exit": code,
        "files of pictures left there": len(list(Path("/tmp").glob("glassine-task-*/*"))),
    }


GLASSINE = (sys.executable, "-m", "glassine.cli")
QUICK = ("--effort", "preview", "--surrogates", "embedded")


def sent(asked: httpx.Client, picture: Path) -> str:
    """The address of the job; sends again when the service says to come back."""
    while True:
        files = {"picture": picture.read_bytes()}
        answer = asked.post("/v1/protect", files=files, data={"effort": "preview"})
        if answer.status_code == 202:
            return str(answer.json()["links"]["job"])
        assert answer.status_code in (429, 503), answer.text
        time.sleep(0.3)


def ended(asked: httpx.Client, job: str) -> dict[str, Any]:
    while (told := asked.get(job).json())["state"] in ("waiting", "working"):
        time.sleep(0.3)
    return dict(told)


def answers(asked: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return bool(asked.get("/health").status_code == 200)
    return False


def draw(folder: Path, count: int) -> None:
    """Different pictures of 64 to 128 pixels."""
    folder.mkdir()
    chance = np.random.default_rng(7)
    for number in range(count):
        height, width = chance.integers(64, 129, 2)
        y, x = np.mgrid[0:height, 0:width] / 64
        waves = [np.sin(a * x + b * y) for a, b in chance.uniform(1, 9, (3, 2))]
        pixels = np.stack(waves, 2) * 100 + 128 + chance.normal(0, 6, (height, width, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number:03}.png")


@contextmanager
def nodes(work: Path) -> Iterator[tuple[Callable[..., Any], list[subprocess.Popen[bytes]]]]:
    """What starts a node, and two nodes; each has one core and stays in the foreground."""
    ray = str(Path(sys.executable).with_name("ray"))
    told = ["--block", "--num-cpus=1", "--disable-usage-stats"]
    running: list[subprocess.Popen[bytes]] = []

    def start(*given: str) -> subprocess.Popen[bytes]:
        log = (work / f"node{secrets.token_hex(2)}.log").open("wb")
        command = [ray, "start", *told, f"--node-ip-address={HERE}", *given]
        started = subprocess.Popen(command, stdout=log, stderr=log)
        wait_for(lambda: b"runtime started" in Path(log.name).read_bytes(), started, log.name)
        return started

    try:
        running.append(start("--head", "--port=6399", "--include-dashboard=false"))
        running.append(start(f"--address={HEAD}"))
        yield start, running
    finally:
        for one in running:
            kill(one)


def copies(out: Path) -> list[Path]:
    return sorted(out.glob("*.glassine.png"))


def wait_for(there: Callable[[], bool], process: subprocess.Popen[bytes], log: str = "") -> None:
    while not there():
        if process.poll() is not None:
            said = Path(log).read_text()[-2000:] if log else ""
            raise RuntimeError(f"{process.args!r} ended too early: {said}")
        time.sleep(0.1)


def kill_worker() -> int:
    """Kills one worker that is protecting a picture, and returns how many that was: 1."""
    while True:
        for one in psutil.process_iter(["cmdline"]):
            if (one.info["cmdline"] or [""])[0].startswith("ray::followed_there"):
                one.kill()
                return 1
        time.sleep(0.05)


def kill(one: subprocess.Popen[bytes]) -> None:
    """With signal 9, and everything that it started."""
    if one.poll() is None:
        for child in (*psutil.Process(one.pid).children(recursive=True), psutil.Process(one.pid)):
            with suppress(psutil.NoSuchProcess):
                child.send_signal(signal.SIGKILL)
    one.wait()


def listening() -> list[str]:
    """Programs that listen on other addresses than loopback and the cluster's own."""
    own = (HERE, "127.0.0.1", "::1", f"::ffff:{HERE}", "::ffff:127.0.0.1")
    found = [one for one in psutil.net_connections("inet") if one.status == psutil.CONN_LISTEN]
    return sorted({psutil.Process(one.pid).name() for one in found if one.laddr.ip not in own})


def left() -> int:
    """Packets that left by the route out."""
    told = json.loads(subprocess.check_output(["ip", "-s", "-j", "link", "show", "out0"]))
    return int(told[0]["stats64"]["rx"]["packets"])


if __name__ == "__main__":
    main()
