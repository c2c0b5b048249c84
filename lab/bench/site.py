"""`glassine site` under attack and load: python -m lab.bench.site (as root, for a small disk)

A real service with its worker gets requests that schemathesis derives from its description, two
hundred uploads at once, clients that hold connections open, a decompression bomb, a worker that is
killed with signal 9, and a full disk of three megabytes. The processor time of an upload of two
megabytes is measured too. The result is lab/bench/results/site.json; --only measures some rows
again.
"""

from __future__ import annotations

import argparse
import io
import json
import socket
import subprocess
import sys
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
import numpy as np
import psutil
from PIL import Image

RESULT = Path(__file__).parent / "results" / "site.json"
PORT = 8651
QUICK = {"effort": "preview", "seed": "3"}
Row = dict[str, object]
ROWS = (
    "schemathesis",
    "two hundred uploads at once",
    "slow clients",
    "decompression bomb",
    "uploads of 2 MB",
    "killed worker",
    "full disk",
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--only", nargs="+", choices=ROWS, default=ROWS, metavar="ROW")
    only = options.parse_args().only
    row: Row = json.loads(RESULT.read_text()) if RESULT.exists() else {}
    with TemporaryDirectory() as made:
        work = Path(made)
        if wanted := [name for name in only if name != "full disk"]:
            with service(work) as (asked, process):
                for name in wanted:
                    row[name] = measured(name, work, asked, process)
                    print(name, json.dumps(row[name]), flush=True)
        if "full disk" in only:
            row["full disk"] = full_row(work)
    RESULT.write_text(json.dumps(row, indent=1) + "\n")
    print(json.dumps(row, indent=1))


def measured(name: str, work: Path, asked: httpx.Client, process: psutil.Process) -> Row:
    if name == "schemathesis":
        return schema_row(work)
    if name in ("two hundred uploads at once", "slow clients"):
        return (slow_row if name == "slow clients" else crowd_row)(asked)
    attacks = {
        "decompression bomb": bomb_row,
        "uploads of 2 MB": upload_row,
        "killed worker": killed_row,
    }
    return attacks[name](asked, process)


@contextmanager
def service(folder: Path, *more: str) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    usual = ("prlimit", "--nofile=1024:")  # open files, as most systems allow them
    command = [*usual, sys.executable, "-m", "glassine.cli", "site", "--port", str(PORT)]
    running = subprocess.Popen([*command, "--folder", str(folder), "--hourly", "100000", *more])
    with httpx.Client(base_url=f"http://127.0.0.1:{PORT}", timeout=600) as asked:
        try:
            while not answers(asked):
                assert running.poll() is None, "the service ended too early"
                time.sleep(0.2)
            yield asked, psutil.Process(running.pid)
        finally:
            running.terminate()
            running.wait()


def answers(asked: httpx.Client) -> bool:
    with suppress(httpx.TransportError):
        return bool(asked.get("/health").status_code == 200)
    return False


def picture(height: int, width: int, kind: str = "png") -> bytes:
    """A picture of noise, which no format can compress much."""
    noise = np.random.default_rng(height).integers(0, 256, (height, width, 3))
    stream = io.BytesIO()
    Image.fromarray(noise.astype(np.uint8)).save(stream, kind)
    return stream.getvalue()


def send(asked: httpx.Client, data: bytes) -> httpx.Response:
    return asked.post("/v1/protect", files={"picture": data}, data=QUICK)


def ended(asked: httpx.Client, job: str) -> dict[str, Any]:
    while (told := asked.get(job).json())["state"] in ("waiting", "working"):
        time.sleep(0.2)
    return dict(told)


def job_of(answer: httpx.Response) -> str:
    assert answer.status_code == 202, answer.text
    return str(answer.json()["links"]["job"])


def schema_row(work: Path) -> Row:
    """Requests derived from the description, and whether the answers conform to it.

    The check that valid requests are accepted is left out: a description cannot say which bytes are
    a picture.
    """
    program = str(Path(sys.executable).with_name("schemathesis"))
    address = f"http://127.0.0.1:{PORT}/v1/openapi.json"
    told = ["--max-examples", "60", "--seed", "7", "--request-timeout", "60", "--no-color"]
    without = ("--exclude-checks", "positive_data_acceptance")
    done = subprocess.run(
        [program, "run", address, "--checks", "all", *without, *told],
        capture_output=True,
        text=True,
        cwd=work,
    )
    if done.returncode:
        print(done.stdout)
    lines = [one.strip() for one in done.stdout.splitlines()]
    return {"exit": done.returncode, "says": [one for one in lines if " generated" in one]}


def crowd_row(asked: httpx.Client) -> Row:
    data = picture(64, 64)
    with ThreadPoolExecutor(200) as crowd:
        found = list(crowd.map(lambda _: send(asked, data), range(200)))
    for one in found:
        if one.status_code == 202:
            asked.delete(job_of(one))
    told = all("retry-after" in one.headers for one in found if one.status_code != 202)
    counts = Counter(str(one.status_code) for one in found)
    return {"answers": dict(counts), "who was sent away knows until when": told}


BODY = (
    b"POST /v1/protect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n"
    b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
)
HEAD = b"GET /health HTTP/1.1\r\nHost: localhost\r\nX-Slow: "


def slow_row(asked: httpx.Client) -> Row:
    """Clients that hold connections open, and somebody else at another address meanwhile."""
    one, many = ["127.0.0.2"] * 50, [f"127.0.1.{at}" for at in range(1, 201)]
    return {
        "50 uploads at a byte a second, from one address": held_row(asked, one, BODY, b"x"),
        "200 of them, each from another address": held_row(asked, many, BODY, b"x"),
        "500 heads at a byte a second": held_row(asked, ["127.0.0.3"] * 500, HEAD, b"x"),
        "1500 that say nothing": held_row(asked, ["127.0.0.4"] * 1500, b"", b""),
    }


def held_row(asked: httpx.Client, addresses: list[str], first: bytes, drip: bytes) -> Row:
    """A connection from each address, which sends `first` and then `drip` every second, for at most
    a minute; every second somebody else asks for /health, and after three for a protection."""
    began, ends, waits = time.monotonic(), list[str](), list[float]()
    with ThreadPoolExecutor(1) as beside:
        lines = [opened(one, first) for one in addresses]
        elsewhere = beside.submit(somebody, asked)
        while lines and time.monotonic() - began < 60:
            tick = time.monotonic()
            asked.get("/health").raise_for_status()
            waits.append(time.monotonic() - tick)
            left = [(line, dripped(line, drip)) for line in lines]
            ends += [end for _, end in left if end]
            lines = [line for line, end in left if not end]
            last = time.monotonic() - began
            time.sleep(max(0.0, tick + 1 - time.monotonic()))
        for line in lines:
            line.close()
    return {
        "let go with": dict(Counter(ends)),
        "still held after a minute": len(lines),
        "seconds until the last was let go": round(last),
        "somebody else's upload": elsewhere.result(),
        "somebody else's longest wait for /health, seconds": round(max(waits), 2),
    }


def somebody(asked: httpx.Client) -> Row:
    time.sleep(3)
    began = time.monotonic()
    answer = send(asked, picture(64, 64))
    seconds = round(time.monotonic() - began, 2)
    if answer.status_code == 202:
        asked.delete(job_of(answer))
    return {"answer": answer.status_code, "seconds": seconds}


def opened(address: str, first: bytes) -> socket.socket:
    line = socket.create_connection(("127.0.0.1", PORT), source_address=(address, 0))
    line.setblocking(False)
    line.send(first)
    return line


def dripped(line: socket.socket, drip: bytes) -> str:
    """Sends a little; returns the status with which the line was closed, "" while it is open."""
    try:
        got = line.recv(64)
        line.close()
        return got.split()[1].decode() if got else "no answer"
    except BlockingIOError:
        with suppress(OSError):
            line.send(drip)
        return ""
    except ConnectionError:
        line.close()
        return "no answer"


def bomb_row(asked: httpx.Client, process: psutil.Process) -> Row:
    """A small file that really unpacks to 30000 x 30000 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        whole = kind + data
        return len(data).to_bytes(4, "big") + whole + zlib.crc32(whole).to_bytes(4, "big")

    head = (30_000).to_bytes(4, "big") * 2 + bytes((8, 0, 0, 0, 0))
    rows = zlib.compress(bytes(30_000 * 30_001), 9)
    bomb = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")
    before = process.memory_info().rss
    status = send(asked, bomb).status_code
    more = (process.memory_info().rss - before) / 1e6
    return {"MB": round(len(bomb) / 1e6, 1), "answer": status, "MB of memory more": round(more)}


def upload_row(asked: httpx.Client, process: psutil.Process, number: int = 60) -> Row:
    """Pictures of two megabytes, each deleted as soon as it was taken."""
    data = picture(816, 816)
    before, began = sum(process.cpu_times()[:2]), time.monotonic()
    for _ in range(number):
        asked.delete(job_of(send(asked, data)))
    spent = sum(process.cpu_times()[:2]) - before
    return {
        "MB": round(len(data) / 1e6, 2),
        "number": number,
        "processor seconds each": round(spent / number, 4),
        "seconds each": round((time.monotonic() - began) / number, 3),
    }


def killed_row(asked: httpx.Client, process: psutil.Process) -> Row:
    """A worker is killed while it protects a picture, and another one does that picture."""
    job = job_of(send(asked, picture(96, 96)))
    while (now := asked.get(job).json())["state"] == "waiting" or not now["progress"]:
        time.sleep(0.1)
    workers = [one for one in process.children() if "spawn_main" in " ".join(one.cmdline())]
    for one in workers:
        one.kill()
    end, told = ended(asked, job), asked.get("/metrics").text.splitlines()
    asked.delete(job)
    lost = next(one for one in told if one.startswith("glassine_workers_lost_total"))
    return {"killed": len(workers), "end": end["state"], "as it counts them": lost.split()[1]}


def full_row(work: Path) -> Row:
    """Pictures of two megabytes are sent until a disk of three megabytes is full."""
    disk = work / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=3m", "none", str(disk)], check=True)
    try:
        with service(disk) as (asked, _):
            large, small = send(asked, picture(816, 816)), send(asked, picture(64, 64))
            sizes = (300, 600, 600, 600)
            more = [send(asked, picture(side, side)) for side in sizes]
            ends = [ended(asked, job_of(one)) for one in (small, *more) if one.status_code == 202]
            for one in (small, *more):
                if one.status_code == 202:
                    asked.delete(job_of(one))
            after = send(asked, picture(64, 64))
            last = ended(asked, job_of(after))
            asked.delete(job_of(after))
            left = len(list(disk.glob("glassine-site-*/*")))
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)
    return {
        "2 MB": large.status_code,
        "smaller ones": [small.status_code, *(one.status_code for one in more)],
        "how those that were taken ended": [
            (one["state"], (one.get("problem") or {}).get("code", "")) for one in ends
        ],
        "one more when they were deleted": last["state"],
        "left afterwards": left,
    }


if __name__ == "__main__":
    main()
