"""`glassine site` under attack and load: python -m lab.bench.site (as root, for a small disk)

A real service with its worker gets requests that schemathesis derives from its description, two
hundred uploads at once, fifty clients that send a byte a second, a decompression bomb, a worker
that is killed with signal 9, and a full disk of three megabytes. The processor time of an upload of
two megabytes is measured too. The result is lab/bench/results/site.json.
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


def main() -> None:
    argparse.ArgumentParser(description=__doc__).parse_args()
    with TemporaryDirectory() as made:
        work, row = Path(made), Row()
        with service(work) as (asked, process):
            row["schemathesis"] = schema_row(work)
            row["two hundred uploads at once"] = crowd_row(asked)
            row["slow clients"] = slow_row(asked)
            row["decompression bomb"] = bomb_row(asked, process)
            row["uploads of 2 MB"] = upload_row(asked, process)
            row["killed worker"] = killed_row(asked, process)
        row["full disk"] = full_row(work)
    RESULT.write_text(json.dumps(row, indent=1) + "\n")
    print(json.dumps(row, indent=1))


@contextmanager
def service(folder: Path, *more: str) -> Iterator[tuple[httpx.Client, psutil.Process]]:
    command = [sys.executable, "-m", "glassine.cli", "site", "--port", str(PORT)]
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


def slow_row(asked: httpx.Client) -> Row:
    """Fifty clients that send a byte a second, and a normal client meanwhile."""
    head = (
        b"POST /v1/protect HTTP/1.1\r\nHost: localhost\r\nContent-Length: 90000\r\n"
        b"Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
    )
    began = time.monotonic()
    lines = [socket.create_connection(("127.0.0.1", PORT)) for _ in range(50)]
    for one in lines:
        one.sendall(head)
    time.sleep(2)
    other = send(asked, picture(64, 64))
    with ThreadPoolExecutor(50) as crowd:
        ends = list(crowd.map(trickled, lines))
    last = send(asked, picture(64, 64))
    for one in (other, last):
        if one.status_code == 202:
            asked.delete(job_of(one))
    return {
        "let go with": dict(Counter(ends)),
        "seconds until the last was": round(time.monotonic() - began),
        "somebody else meanwhile": other.status_code,
        "somebody else afterwards": last.status_code,
    }


def trickled(line: socket.socket) -> str:
    """Sends a byte a second until there is an answer; returns its status."""
    line.settimeout(1)
    with line:
        for _ in range(120):
            with suppress(TimeoutError, BrokenPipeError, ConnectionResetError):
                if got := line.recv(64):
                    return got.split()[1].decode()
            with suppress(BrokenPipeError, ConnectionResetError):
                line.sendall(b"x")
    return "none"


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
