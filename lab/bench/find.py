"""Finding thirty works among 200,000 files: time, memory, copies found, false finds.

    python -m lab.bench.find --works FOLDER... --strangers FOLDER... [--files 200000]

Thirty works are exported with a receipt, ten of them with a watermark; ten kinds of copies of
each are mixed with small crops of strangers' pictures. `glassine find` is killed when half of the
folder is indexed, then started again and left to finish. The folder lies in --scratch (3 GB) and is
deleted afterwards.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

from ..places import ROOT
from . import find_folder
from .record import save

COUNT = 30


def environment(scratch: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": str(ROOT / "core"),
        "GLASSINE_CACHE": str(scratch / "cache"),
        "GLASSINE_LEDGER": str(scratch / "ledger.sqlite3"),
    }


def exported(sources: list[Path], scratch: Path) -> list[Path]:
    """Exports with receipts, every third with a watermark; none is cloaked, which changes nothing
    for `find`."""
    os.environ.update(environment(scratch))
    import torch
    from glassine.flow.encode import encode
    from glassine.flow.mark import mark
    from glassine.flow.recipes import RECIPES
    from glassine.ledger import fingerprint
    from glassine.pixels.grid import to_tensor
    from glassine.types import Artwork, Claim, Export, Plan, Protected, Report
    from glassine.units import Score

    done = []
    (scratch / "exports").mkdir(parents=True)
    for number, source in enumerate(sources):
        done.append(scratch / "exports" / f"{number:02}.png")
        rgb = to_tensor(fingerprint.open_small(source, 1024))
        marks = ("receipt",) if number % 3 else ("watermark", "receipt")
        export = Export(marks=marks, claim=Claim(title=source.stem))
        plan = Plan(
            Artwork(rgb),
            RECIPES["cloak"],
            export,
            (),
            (),
            (),
            torch.ones(1, *rgb.shape[1:]),
            Score(70),
            1,
            number,
            "cpu",
        )
        data = encode(mark(Protected(plan, rgb)), Report(None, (), ())).data  # type: ignore[arg-type]
        done[-1].write_bytes(data)
    return done


def planted(works: list[Path], walls: list[Path], folder: Path) -> dict[str, tuple[str, int]]:
    """File -> (kind of copy, export), spread over the folder's folders."""
    draw, where = random.Random(4), sorted(one for one in folder.iterdir() if one.is_dir())
    truth: dict[str, tuple[str, int]] = {}
    for number, work in enumerate(works, 1):
        for kind, write in find_folder.copies(work, draw.choice(walls)):
            place = draw.choice(where) / f"p{len(truth):05}.png"
            write(place)
            (made,) = place.parent.glob(f"{place.stem}.*")
            truth[str(made)] = (kind, number)
    return truth


def run(folder: Path, scratch: Path, until: int = 0) -> tuple[float, float, str]:
    """(seconds on the clock, processor seconds, output); killed once `until` files are indexed."""
    command = [
        sys.executable,
        "-m",
        "glassine.cli",
        "find",
        str(folder),
        "--json",
        "-o",
        str(scratch / "page.html"),
    ]
    began, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    process = subprocess.Popen(command, env=environment(scratch), stdout=subprocess.PIPE, text=True)
    while until and process.poll() is None:
        time.sleep(1)
        if indexed(scratch)[0] >= until:
            os.kill(process.pid, signal.SIGKILL)
            break
    said, _ = process.communicate()
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.perf_counter() - began, cpu, said


def indexed(scratch: Path) -> tuple[int, int]:
    """Rows and bytes of the index."""
    import sqlite3

    files = list((scratch / "cache" / "find").glob("*.sqlite3"))
    if not files:
        return 0, 0
    (file,) = files
    link = sqlite3.connect(file)
    try:
        (rows,) = link.execute("SELECT count(*) FROM files").fetchone()
    except sqlite3.OperationalError:  # the index has no tables yet
        return 0, 0
    finally:
        link.close()
    return rows, sum(one.stat().st_size for one in file.parent.glob(f"{file.name}*"))


def judged(said: str, truth: dict[str, tuple[str, int]]) -> dict[str, object]:
    """Per kind of copy: how many were found, of how many, with the right work; and false finds."""
    hits = json.loads(said)["hits"]
    found: dict[str, list[dict[str, object]]] = {}
    for hit in hits:
        found.setdefault(hit["path"], []).append(hit)
    rows: dict[str, dict[str, int]] = {}
    for path, (kind, work) in truth.items():
        row = rows.setdefault(kind, {"copies": 0, "found": 0, "by watermark too": 0})
        right = [hit for hit in found.get(path, ()) if hit["export"] == work]
        row["copies"] += 1
        row["found"] += bool(right)
        row["by watermark too"] += any(hit["watermark_chance"] is not None for hit in right)
    wrong = [hit for hit in hits if truth.get(hit["path"], ("", 0))[1] != hit["export"]]
    return {
        "kinds": rows,
        "false hits": len(wrong),
        "files with a false hit": len({hit["path"] for hit in wrong}),
        "false hits in detail": [
            {key: hit[key] for key in ("path", "verdict", "export", "inliers", "differ")}
            for hit in wrong[:40]
        ],
    }


def measured(folder: Path, scratch: Path, given: argparse.Namespace) -> dict[str, object]:
    clock, cpu, _ = run(folder, scratch, given.files // 2)
    stopped = {"seconds": clock, "processor seconds": cpu, "files kept": indexed(scratch)[0]}
    print(stopped, flush=True)
    clock, cpu, said = run(folder, scratch)
    resumed = {"seconds": clock, "processor seconds": cpu, "files": json.loads(said)["files"]}
    print(resumed, flush=True)
    rows, size = indexed(scratch)
    return {
        "killed in the middle": stopped,
        "resumed to the end": resumed,
        "index": {"files": rows, "MB": round(size / 1e6)},
        "largest memory in MB": resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024,
        **judged(said, truth=json.loads((scratch / "truth.json").read_text())),
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--works", type=Path, nargs="+", required=True)
    asked.add_argument("--strangers", type=Path, nargs="+", required=True)
    asked.add_argument("--files", type=int, default=200_000)
    asked.add_argument("--scratch", type=Path, default=Path("/tmp/glassine-bench-find"))
    asked.add_argument("--name", default="find", help="of the results file")
    asked.add_argument("--prepare", action="store_true", help="only make the folder")
    asked.add_argument("--keep", action="store_true", help="the folder, for another look")
    given = asked.parse_args()
    folder = given.scratch / "folder"
    walls = find_folder.pictures(given.strangers)
    if not (given.scratch / "exports").exists():
        picked = random.Random(3).sample(find_folder.pictures(given.works), COUNT)
        exported(sorted(picked), given.scratch)
    if not (given.scratch / "truth.json").exists():
        find_folder.strangers(folder, walls, given.files, os.cpu_count() or 1)
        truth = planted(sorted((given.scratch / "exports").iterdir()), walls, folder)
        (given.scratch / "truth.json").write_text(json.dumps(truth))
    if given.prepare:
        return
    shutil.rmtree(given.scratch / "cache", ignore_errors=True)
    figures = {"strangers": given.files, "works": COUNT, **measured(folder, given.scratch, given)}
    figures["load"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    print(json.dumps(figures, indent=1))
    save(given.name, figures)
    if not given.keep:
        shutil.rmtree(given.scratch)


if __name__ == "__main__":
    main()
