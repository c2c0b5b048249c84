"""How long finding takes: looking at pictures once, and searching an index of 200,000.

    python scripts/bench/find.py [--files 300] [--rows 200000] [--works 200]

The pictures are JPEGs of 1600 x 1200 drawn here. The large index is filled with rows of random
hashes and with features taken from other pictures, so that the tables meet what they would meet.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

import numpy as np
import pyvips
from record import save

HERE = tempfile.TemporaryDirectory()
os.environ["GLASSINE_CACHE"] = f"{HERE.name}/cache"
os.environ["GLASSINE_LEDGER"] = f"{HERE.name}/ledger.sqlite3"

from glassine import find, fingerprint  # noqa: E402
from glassine.find import index  # noqa: E402
from glassine.find.search import matcher  # noqa: E402


def drawn(seed, width=1600, height=1200):
    draw = np.random.default_rng(seed)
    canvas = np.full((height, width, 3), draw.integers(60, 200, 3), np.uint8)
    for _ in range(300):
        y, x = draw.integers(0, height), draw.integers(0, width)
        high, wide = draw.integers(10, 200, 2)
        canvas[y : y + high, x : x + wide] = draw.integers(0, 255, 3)
    return pyvips.Image.new_from_array(canvas).copy(interpretation="srgb")


def looked(folder, count):
    folder.mkdir()
    for seed in range(count):
        drawn(seed).write_to_file(str(folder / f"{seed}.jpg"), Q=88)
    began = time.perf_counter()
    index.update(folder, lambda _: None)
    return time.perf_counter() - began


def filled(folder, source, rows):
    """An index of that many rows, made of the features of real ones."""
    folder.mkdir()
    pool = np.concatenate([one.features for one in index.seen(source)])
    draw = np.random.default_rng(5)
    with index.opened(folder) as link:
        link.execute("BEGIN")
        for number in range(rows):
            features = pool[draw.integers(0, len(pool), 200)]
            row = (os.fsencode(f"/nowhere/{number}.jpg"), 1, 1, draw.bytes(64),
                   features.tobytes(), f"{number:064x}", "", 0, "")
            link.execute("INSERT INTO files VALUES (?,?,?,?,?,?,?,?,?)", row)
        link.execute("COMMIT")
    return index.place(folder).stat().st_size


def main():
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--files", type=int, default=300)
    asked.add_argument("--rows", type=int, default=200_000)
    asked.add_argument("--works", type=int, default=200)
    given = asked.parse_args()
    base = Path(HERE.name)
    seconds = looked(base / "pictures", given.files)
    size = filled(base / "large", base / "pictures", given.rows)
    works = []
    for seed in range(10_000, 10_000 + given.works):
        pixels = fingerprint.opened(drawn(seed).jpegsave_buffer(Q=90))
        works.append(find.Work(str(seed), fingerprint.hashes(pixels), fingerprint.view(pixels)))
    began = time.perf_counter()
    look = matcher(works, frozenset())
    tables = time.perf_counter() - began
    began = time.perf_counter()
    false = sum(bool(look(seen)) for seen in index.seen(base / "large"))
    matched = time.perf_counter() - began
    figures = {
        "look": {
            "files": given.files,
            "seconds": seconds,
            "per 200,000": seconds / given.files * 2e5,
        },
        "search": {
            "rows": given.rows,
            "works": given.works,
            "seconds for the tables": tables,
            "seconds": matched,
            "false hits": false,
            "index in MB": round(size / 1e6),
        },
        "load": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }
    print(figures)
    save("find", figures)


if __name__ == "__main__":
    main()
