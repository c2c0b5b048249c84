"""A folder on two Ray nodes of which one is killed: python -m lab.bench.cluster [--count 200]

Run it in a network of its own, because Ray listens on all interfaces:
unshare -n sh -c 'ip link set lo up && exec python -m lab.bench.cluster'

Nothing may be lost or doubled: every picture ends in one whole copy and one row of the ledger, also
where a node is killed with signal 9 in the middle, and the driver after that. The result is
lab/bench/results/cluster.json.
"""

from __future__ import annotations

import argparse
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import psutil
from PIL import Image

RESULT = Path(__file__).parent / "results" / "cluster.json"
HEAD = "127.0.0.1:6399"
QUIET = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_enable_metrics_collection": "0"}


def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("--count", type=int, default=200)
    count = options.parse_args().count
    token = {"RAY_AUTH_MODE": "token", "RAY_AUTH_TOKEN": secrets.token_hex(32)}  # this run's own
    os.environ |= QUIET | token | {"OMP_NUM_THREADS": "1"}
    with TemporaryDirectory() as made:
        row = measured(Path(made), count)
    RESULT.write_text(json.dumps(row, indent=1) + "\n")
    print(json.dumps(row, indent=1))


def measured(work: Path, count: int) -> dict[str, object]:
    """One run whose second node is killed, then its driver, and one that ends the rest."""
    inside, out = work / "in", work / "out"
    draw(inside, count)
    os.environ["GLASSINE_LEDGER"] = str(work / "ledger.sqlite3")
    begun, heads = time.monotonic(), [node(work, "--head", "--port=6399")]
    try:
        heads.append(node(work, f"--address={HEAD}"))
        driver = subprocess.Popen(command(inside, out))
        wait_for(out, count // 4, driver)
        kill(heads[1])
        wait_for(out, count // 2, driver)
        driver.send_signal(signal.SIGKILL)
        driver.wait()
        between = len(copies(out))
        done = subprocess.run([*command(inside, out), "--json"], capture_output=True, text=True)
    finally:
        for one in heads:
            kill(one)
    end = json.loads(done.stdout)
    whole = [Image.open(one).size for one in copies(out)]
    return {
        "pictures": count,
        "sides": "64 to 128 px, effort preview, encoder embedded",
        "cores": os.cpu_count(),
        "copies_when_the_driver_was_killed": between,
        "copies": len(whole),
        "copies_doubled": len(whole) - len({one.name for one in copies(out)}),
        "second_run": {name: end[name] for name in ("done", "skipped", "failed", "total")},
        "half_written": len(list(out.rglob("*.part"))),
        "seconds": round(time.monotonic() - begun),
    }


def draw(folder: Path, count: int) -> None:
    """Pictures of 64 to 128 pixels, each another."""
    folder.mkdir()
    chance = np.random.default_rng(7)
    for number in range(count):
        height, width = chance.integers(64, 129, 2)
        y, x = np.mgrid[0:height, 0:width] / 64
        waves = [np.sin(a * x + b * y) for a, b in chance.uniform(1, 9, (3, 2))]
        pixels = np.stack(waves, 2) * 100 + 128 + chance.normal(0, 6, (height, width, 3))
        Image.fromarray(pixels.clip(0, 255).astype(np.uint8)).save(folder / f"{number:03}.png")


def node(work: Path, *given: str) -> subprocess.Popen[bytes]:
    """One that stays in the foreground; it has a core of its own."""
    ray = str(Path(sys.executable).with_name("ray"))
    told = ["--block", "--num-cpus=1", "--disable-usage-stats", "--include-dashboard=false"]
    started = subprocess.Popen(
        [ray, "start", *told, "--node-ip-address=127.0.0.1", *given],
        stdout=(work / f"node{len(given)}.log").open("wb"),
        stderr=subprocess.STDOUT,
    )
    time.sleep(20)
    assert started.poll() is None, (work / f"node{len(given)}.log").read_text()
    return started


def command(inside: Path, out: Path) -> list[str]:
    quick = ["--effort", "preview", "--surrogates", "embedded"]
    engine = [sys.executable, "-m", "glassine.cli", "batch"]
    return [*engine, str(inside), "-o", str(out), "--on", f"ray={HEAD}", *quick]


def copies(out: Path) -> list[Path]:
    return sorted(out.glob("*.glassine.png"))


def wait_for(out: Path, number: int, driver: subprocess.Popen[bytes]) -> None:
    while len(copies(out)) < number:
        assert driver.poll() is None, "the driver ended too early"
        time.sleep(0.2)


def kill(one: subprocess.Popen[bytes]) -> None:
    """With signal 9, and everything that it started."""
    if one.poll() is None:
        for child in (*psutil.Process(one.pid).children(recursive=True), psutil.Process(one.pid)):
            child.send_signal(signal.SIGKILL)
    one.wait()


if __name__ == "__main__":
    main()
