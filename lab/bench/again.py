"""Whether a protected copy that was saved again is recognised, and no original taken for a copy.

    python -m lab.bench.again [FOLDER] [--log FILE.jsonl]

The ledger keeps a thumbnail of each copy (flow/examine.py). A file without marks counts as that
copy if its distance from the thumbnail is small, as a share of the original's distance. Pairs of
original and copy are made of the drawn kinds of `lab.bench.kinds` and the pictures of a folder, at
two strengths; both pictures of a pair are saved in ways in which sites and people save. Prints, for
limits of that share, which part of the copies is recognised and which part of the originals would
be refused; and how near different pictures come that only look alike. Pairs in the log are not made
again.
"""

from __future__ import annotations

import argparse
import itertools
import json
import math
from collections.abc import Iterator
from pathlib import Path

import pyvips
from glassine.errors import NoSolution
from glassine.flow.examine import ALIKE
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.settle import settle
from glassine.ledger import fingerprint
from glassine.pixels.grid import to_array
from glassine.types import Artwork, Intent, Strength
from torch import Tensor

from .kinds import drawn, opened

SIDE = 256  # pixels
STRENGTHS: tuple[Strength, ...] = ("subtle", "balanced")
WAYS: dict[str, tuple[float, str, int]] = {
    "as it is": (1, ".png", 0),
    "JPEG 95": (1, ".jpg", 95),
    "JPEG 90": (1, ".jpg", 90),
    "JPEG 85": (1, ".jpg", 85),
    "JPEG 75": (1, ".jpg", 75),
    "JPEG 60": (1, ".jpg", 60),
    "WebP 80": (1, ".webp", 80),
    "0.8 of its size": (0.8, ".png", 0),
    "half its size": (0.5, ".png", 0),
    "half, JPEG 85": (0.5, ".jpg", 85),
    "1.5 times its size": (1.5, ".png", 0),
}
"""Factor of the sides, ending, quality."""
SHARES = (0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.98, 1.0)


def small(rgb: Tensor, way: str) -> fingerprint.Bytes:
    """The small picture from which a fingerprint is made, of the picture saved in that way."""
    factor, ending, quality = WAYS[way]
    image = pyvips.Image.new_from_array(to_array(rgb, 8)).copy(interpretation="srgb")
    how = {"Q": quality} if quality else {}
    data = (image if factor == 1 else image.resize(factor)).write_to_buffer(ending, **how)
    return fingerprint.open_small(data)


def pairs(folder: Path | None, known: set[object]) -> Iterator[tuple[str, str, Tensor, Tensor]]:
    """Name, strength, original and protected; without those that are known."""
    paths = sorted(folder.glob("*.png")) if folder else []
    found = [(path.name, opened(path)[:, :SIDE, :SIDE]) for path in paths]
    found += [(name, rgb[:, :SIDE, :SIDE]) for name, rgb in drawn()]
    for strength, (name, rgb) in itertools.product(STRENGTHS, found):
        if (name, strength) in known:
            continue
        intent = Intent(seed=1, strength=strength, effort="preview", surrogates=("embedded",))
        try:
            done = settle(optimise(plan(Artwork(rgb), intent, device="cpu")))
        except NoSolution:  # of one colour: even the smallest change is more visible than asked for
            continue
        yield name, strength, rgb, done.rgb


def rows(folder: Path | None, known: set[object]) -> Iterator[dict[str, object]]:
    for name, strength, clean, copy in pairs(folder, known):
        view = fingerprint.small_jpeg(fingerprint.reduced(to_array(copy, 8)))
        clean_apart = fingerprint.apart(fingerprint.reduced(to_array(clean, 8)), view)
        for way in WAYS:
            near = {
                what: round(fingerprint.apart(small(rgb, way), view), 3)
                for what, rgb in (("copy", copy), ("original", clean))
            }
            row = {"name": name, "strength": strength, "way": way, "clean": round(clean_apart, 3)}
            yield row | near


def strangers(folder: Path) -> Iterator[tuple[str, str, int]]:
    """Two names and the bits in which they differ, for every two pictures of the folder: works of
    one painter, often of one place."""
    hashes = {
        path.name: fingerprint.hashes(fingerprint.open_small(path))[: fingerprint.HASH]
        for path in sorted(folder.glob("*.png"))
    }
    for (one, first), (other, second) in itertools.combinations(hashes.items(), 2):
        bits = sum((a ^ b).bit_count() for a, b in zip(first, second, strict=True))
        yield one, other, bits


def share(row: dict[str, object], what: str) -> float:
    clean = float(str(row["clean"]))
    return float(str(row[what])) / clean if clean else math.inf


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--log", type=Path)
    asked = parser.parse_args()
    lines = asked.log.read_text("utf-8").splitlines() if asked.log and asked.log.exists() else ()
    found = list[dict[str, object]](map(json.loads, lines))
    known: set[object] = {(row["name"], row["strength"]) for row in found}
    for row in rows(asked.folder, known):
        found.append(row)
        if asked.log:
            with asked.log.open("a", encoding="utf-8") as stream:
                stream.write(json.dumps(row) + "\n")
    print(f"{len(found) // len(WAYS)} pairs")
    for way in WAYS:
        saved = [row for row in found if row["way"] == way]
        shares = sorted(share(row, "copy") for row in saved)
        nearest = min(share(row, "original") for row in saved)
        print(f"{way:20} copies {shares[len(shares) // 2]:.2f} (to {shares[-1]:.2f}), ", end="")
        print(f"originals from {nearest:.2f}")
    for limit in SHARES:
        right, wrong = (
            sum(share(row, what) <= limit for row in found) / len(found)
            for what in ("copy", "original")
        )
        print(f"limit {limit:.2f}: {right:.1%} of the copies, {wrong:.1%} of the originals")
    if asked.folder:
        others = [bits for _, _, bits in strangers(asked.folder)]
        print(f"{len(others)} pairs of other pictures, the nearest {min(others)} bits apart; ")
        print(f"looked at further below {ALIKE}")


if __name__ == "__main__":
    main()
