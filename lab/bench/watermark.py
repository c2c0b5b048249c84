"""The watermark: how often it is detected, rightly and wrongly, its cost, and its price to a cloak.

    python -m lab.bench.watermark [--photos FOLDER] [--only rates|false|cloak]

rates  detection in thirty pictures (paintings, photos, flat ones) after what platforms do
false  a thousand random keys looked for in each of these pictures without a mark
cloak  what a cloak closes on the real encoders with and without a watermark, at the same total
       SSIMULACRA2; optimised on the surrogate that ships
Losses are written beside wins; with --only, the figures of the other parts are kept.
"""

from __future__ import annotations

import argparse
import json
import os
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from statistics import mean, median
from typing import Any

import numpy as np
import pyvips
import torch
from torch import Tensor

from ..places import SHARED
from .pictures import discs, short, sized
from .record import read, save

os.environ.setdefault("GLASSINE_MODELS", str(SHARED / "models"))
os.environ["GLASSINE_LEDGER"] = "/tmp/glassine-bench/ledger.sqlite3"

from glassine.ledger import fingerprint
from glassine.marks import rivagan, watermark
from glassine.pixels.grid import on_grid, to_array, to_tensor
from glassine.types import Effect, Report
from glassine.visibility import psnr, ssimulacra2

SURE = 1e-5
Pictures = dict[str, list[Tensor]]
Table = dict[str, Any]


def handlings(picture: Tensor) -> dict[str, bytes]:
    """Name -> the file that comes back."""
    array = to_array(picture, 8)
    height, width = array.shape[:2]
    image = pyvips.Image.new_from_array(array).copy(interpretation="srgb")

    def crop(part: float) -> pyvips.Image:
        left, top = round(width * part / 2), round(height * part / 2)
        return image.crop(left, top, width - 2 * left, height - 2 * top)

    return {
        "jpeg 75": image.jpegsave_buffer(Q=75),
        "half size": image.resize(0.5).pngsave_buffer(),
        "crop 10 %": crop(0.1).pngsave_buffer(),
        "crop 30 %": crop(0.3).pngsave_buffer(),
        "crop 10 %, half size, jpeg 75": crop(0.1).resize(0.5).jpegsave_buffer(Q=75),
    }


def kinds(photos: list[Path]) -> Pictures:
    paintings = sorted((SHARED / "art").glob("*.png"))[:10]
    found = {
        "paintings": [to_tensor(fingerprint.open_small(path, 512)) for path in paintings],
        "photos": [to_tensor(fingerprint.open_small(path, 768)) for path in photos[:10]],
        "flat pictures": [discs(seed) for seed in range(10)],
    }
    return {name: pictures for name, pictures in found.items() if pictures}


def rates(pictures: Pictures, table: Table) -> Iterator[None]:
    """Fills the table; a turn is done whenever a kind of pictures is."""
    draw = np.random.default_rng(1)
    for kind, several in pictures.items():
        rows: dict[str, list[tuple[int, float]]] = {}
        cost, seconds = [], []
        for picture in several:
            number = int(draw.integers(0, 2**32))
            began = time.perf_counter()
            free = torch.ones(1, *picture.shape[1:], dtype=torch.bool)
            marked = on_grid(watermark.laid(picture, None, free, number, 7)[0], 8)
            seconds.append(time.perf_counter() - began)
            cost.append((psnr(picture, marked), ssimulacra2(picture, marked)))
            for name, data in handlings(marked).items():
                heard = watermark.hear(data)
                agree = int(((heard > 0) == (watermark.bits(number) > 0)).sum())
                rows.setdefault(name, []).append((agree, watermark.chance_of(heard, number)))
            print(kind, len(cost), rows["crop 10 %, half size, jpeg 75"][-1], flush=True)
        table[kind] = {
            "pictures": len(several),
            "psnr": spread([one for one, _ in cost]),
            "ssimulacra2": spread([float(one) for _, one in cost]),
            "seconds": spread(seconds),
            "heard": {
                name: {
                    "agree": spread([agree for agree, _ in found]),
                    "chance below 1e-5": sum(chance < SURE for _, chance in found) / len(found),
                    "chance below 1e-3": sum(chance < 1e-3 for _, chance in found) / len(found),
                    "worst chance": max(chance for _, chance in found),
                }
                for name, found in rows.items()
            },
        }
        yield


def imagined(pictures: Pictures) -> Table:
    keys = [int(key) for key in np.random.default_rng(2).integers(0, 2**32, 1000)]
    table: Table = {}
    for kind, several in pictures.items():
        chances: list[float] = []
        agrees: list[int] = []
        best: list[float] = []
        for picture in several:
            with torch.no_grad():
                heard = rivagan.heard(rivagan.to_frame(picture)).numpy()
            chances += [watermark.chance_of(heard, key) for key in keys]
            agrees += [int(((heard > 0) == (watermark.bits(key) > 0)).sum()) for key in keys]
            nearest = watermark.best((heard,), keys)
            assert nearest  # of a thousand keys one is
            best.append(nearest.chance)
        table[kind] = {
            "tries": len(chances),
            "chance below 5 %": mean(chance < 0.05 for chance in chances),
            "chance below 0.1 %": mean(chance < 1e-3 for chance in chances),
            "most bits agreeing": max(agrees),
            "smallest corrected chance over 1000 ids": min(best),
        }
        print(kind, table[kind], flush=True)
    return table


def cloaked(side: int, count: int) -> Table:
    """Gap closed on every family, without and with the mark; and whether the mark is heard."""
    from glassine.flow.mark import mark
    from glassine.flow.optimise import optimise
    from glassine.flow.plan import plan
    from glassine.flow.read import read as opened
    from glassine.flow.settle import settle
    from glassine.flow.verify import verify
    from glassine.types import Export, Intent

    rows = []
    for path in sorted((SHARED / "art").glob("*.png"))[:count]:
        artwork = sized(opened(path).rgb, side)
        intent = Intent(seed=5, surrogates=("embedded",))
        export = Export(format="png", marks=("watermark",))
        plain = settle(optimise(plan(artwork, intent)))
        both = mark(settle(optimise(plan(artwork, replace(intent, export=export)))))
        number = both.plan.export.claim.watermark
        assert number is not None  # `mark` has drawn it
        row: Table = {"picture": short(path.stem), "notes": [str(note) for note in both.notes]}
        for name, done in (("cloak", plain), ("cloak and watermark", both)):
            report = verify(replace(done, plan=replace(done.plan, export=Export())))
            row[name] = {
                "ssimulacra2": float(report.cost.ssimulacra2),
                "closed": {one.family: one.closed for one in real(report)},
                "blend": {one.family: one.blend for one in real(report)},
            }
            heard = watermark.hear(handlings(done.rgb)["crop 10 %, half size, jpeg 75"])
            row[name]["chance after handling"] = watermark.chance_of(heard, number)
        rows.append(row)
        print(json.dumps(row), flush=True)
    kept = [
        mean(row["cloak and watermark"]["closed"].values()) / mean(row["cloak"]["closed"].values())
        for row in rows
    ]
    return {"side": side, "rows": rows, "share of the effect kept": spread(kept)}


def real(report: Report) -> list[Effect]:
    """The encoders that were not optimised against: those that models have."""
    return [one for one in report.effects if one.role == "held out" and not one.after]


def spread(values: list[float]) -> dict[str, float]:
    return {"median": median(values), "min": min(values), "max": max(values)}


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--photos", default="/usr/share/backgrounds/mate/nature")
    asked.add_argument("--only", choices=("rates", "false", "cloak"))
    asked.add_argument("--side", type=int, default=256)
    asked.add_argument("--count", type=int, default=4)
    given = asked.parse_args()
    table = (read("watermark") or {}).get("figures", {})
    pictures = kinds(sorted(Path(given.photos).glob("*.jpg")))
    if given.only in (None, "rates"):
        table["rates"] = {}
        for _ in rates(pictures, table["rates"]):
            save("watermark", {"figures": table})  # a run that is stopped leaves what it has
    if given.only in (None, "false"):
        table["false"] = imagined(pictures)
    if given.only in (None, "cloak"):
        table["cloak"] = cloaked(given.side, given.count)
    save("watermark", {"figures": table})


if __name__ == "__main__":
    main()
