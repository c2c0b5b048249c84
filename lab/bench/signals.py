"""Signals at random moments over runs of `protect` and `batch`: how each ended, and what was left.

    python -m lab.bench.signals [--runs 50] [--seed 1] [--log FILE.jsonl]

A run is stopped by one signal or two in quick succession (SIGINT, SIGTERM, SIGHUP), some time
after a line of its progress or after its start. It must end with a documented exit code, without a
traceback, and leave no partly written file. Prints a row per run, then the totals. Runs that are in
the log are not done again.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ..places import ROOT

KINDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
DOCUMENTED = (0, 1, 2, 3, 4, 5, 6, 130)
SIDE = 48  # pixels
PATIENCE = 600.0  # seconds; what has not ended by then hangs
NOISE = ("Traceback", "Exception ignored", "From cffi callback", "most recent call last")


@dataclass(frozen=True)
class Ended:
    """One run: what was sent when, how the run ended, and what is wrong with that end."""

    command: str
    moment: str
    kinds: tuple[str, ...]
    code: int
    wrong: tuple[str, ...]

    def row(self) -> str:
        kinds = "+".join(self.kinds)
        return " ".join(
            [f"{self.command:8} {kinds:16} {self.moment:26} {self.code:4}", *self.wrong]
        )


def one(number: int, seed: int) -> Ended:
    """Run `number`: that number and seed always give the same moment and signals."""
    draw = random.Random(f"{seed}-{number}")
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / "in").mkdir()
        for name in ("a.png", "b.png")[: 1 + number % 2]:
            pixels = np.random.default_rng(number).integers(0, 255, (SIDE, SIDE, 3), np.uint8)
            Image.fromarray(pixels).save(home / "in" / name)
        command = "batch" if number % 2 else "protect"
        what = [str(home / "in")] if command == "batch" else [str(home / "in" / "a.png")]
        return stopped(command, what, home, draw)


def stopped(command: str, what: list[str], home: Path, draw: random.Random) -> Ended:
    lines, wait = draw.randrange(-1, 6), draw.uniform(0, 2) ** 2
    kinds = draw.choices(KINDS, k=draw.choice((1, 2)))
    (home / "out").mkdir()
    asked = ("--effort", "preview", "--surrogates", "embedded", "--style", "texture")
    process = subprocess.Popen(
        [sys.executable, "-m", "glassine.cli", command, *what, "-o", f"{home / 'out'}/", *asked],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,  # but no session of its own, so that it runs at this process's priority
        env=os.environ
        | {"PYTHONPATH": str(ROOT / "core"), "GLASSINE_LEDGER": str(home / "ledger.sqlite3")}
        | {"PYTHONUNBUFFERED": "1", "GLASSINE_LANGUAGE": "en", "OMP_NUM_THREADS": "1"},
    )
    assert process.stderr is not None
    said = list[str]()
    for line in iter(process.stderr.readline, "") if lines >= 0 else ():
        said.append(line)
        if len(said) > lines:
            break
    reader = threading.Thread(target=lambda: said.extend(process.stderr or ()))
    reader.start()
    time.sleep(wait)
    for number, kind in enumerate(kinds):
        time.sleep(draw.uniform(0, 0.05) if number else 0)
        send(process, kind, group=draw.random() < 0.5)
    try:
        code = process.wait(PATIENCE)
    except subprocess.TimeoutExpired:
        process.kill()
        code = process.wait()
    reader.join()
    for pipe in (process.stdout, process.stderr):
        if pipe:
            pipe.close()
    moment = f"{wait:.1f} s after {'its start' if lines < 0 else f'line {lines + 1}'}"
    names = tuple(signal.Signals(kind).name for kind in kinds)
    return Ended(command, moment, names, code, tuple(faults(code, "".join(said), home)))


def send(process: subprocess.Popen[str], kind: int, *, group: bool) -> None:
    """To the process, or to its group as a terminal does; no error if it has ended meanwhile."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, kind) if group else process.send_signal(kind)
        except ProcessLookupError:
            return


def faults(code: int, said: str, home: Path) -> list[str]:
    """What is wrong with an end: its code, words of a traceback in the output, files left behind.

    A signal that arrives while Python itself is starting may kill it: that is no fault.
    """
    begun = bool(said) or any((home / "out").iterdir())
    wrong = [] if code in DOCUMENTED or not begun else [f"ended with {code}"]
    wrong += [f"said {word!r}: {said[-600:]}" for word in NOISE if word in said]
    for path in home.rglob("*"):
        if path.suffix == ".part":
            wrong.append(f"left {path.name}")
        elif path.suffix == ".png":
            try:
                Image.open(path).load()
            except (OSError, SyntaxError) as error:
                wrong.append(f"{path.name} is half: {error}")
    return wrong


def ends(runs: int, seed: int, log: Path | None) -> Iterator[Ended]:
    """Those in the log, then the rest, each noted as soon as it is known."""
    known = log.read_text("utf-8").splitlines() if log and log.exists() else []
    for line in known[:runs]:
        told = json.loads(line)
        told |= {name: tuple(told[name]) for name in ("kinds", "wrong")}
        yield Ended(**told)
    for number in range(len(known), runs):
        end = one(number, seed)
        if log:
            with log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(asdict(end)) + "\n")
        yield end


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--log", type=Path)
    asked = parser.parse_args()
    for kind in KINDS:  # shells let background jobs ignore some, and children would inherit that
        signal.signal(kind, signal.SIG_DFL)
    codes, wrong = Counter[int](), 0
    for number, end in enumerate(ends(asked.runs, asked.seed, asked.log), 1):
        codes[end.code] += 1
        wrong += bool(end.wrong)
        print(f"{number:3} {end.row()}", flush=True)
    print(f"{asked.runs} runs, {wrong} with something wrong; ends: {dict(sorted(codes.items()))}")
    sys.exit(wrong > 0)


if __name__ == "__main__":
    main()
