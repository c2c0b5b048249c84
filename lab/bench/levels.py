"""What the other judges in the loop say at one SSIMULACRA2: for the table of `limits.py`.

    python -m lab.bench.levels FOLDER [--side 256]

Plain distortions (JPEG, WebP, grain, resampling, a blend) and the method before judges were in the
loop, each at SSIMULACRA2 85, 70 and 55. How limits follow from this: visibility/limits.py.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from glassine.pixels.grid import on_grid
from PIL import Image
from torch import Generator, Tensor

from . import before
from .pictures import loaded
from .record import save
from .reduced import JUDGES, seen

SCORES = (85.0, 70.0, 55.0)


def coded(rgb: Tensor, kind: str, quality: int) -> Tensor:
    data = io.BytesIO()
    pixels = (rgb.permute(1, 2, 0).numpy() * 255).round().astype("uint8")
    Image.fromarray(pixels).save(data, kind, quality=quality)
    back = np.array(Image.open(data).convert("RGB"))
    return torch.from_numpy(back).permute(2, 0, 1).float() / 255


def grain(rgb: Tensor, amount: float) -> Tensor:
    noise = torch.randn(rgb.shape, generator=Generator().manual_seed(1))
    return on_grid((rgb + amount / 255 * noise).clamp(0, 1), 8)


def soft(rgb: Tensor, factor: float) -> Tensor:
    height, width = (max(8, round(side / factor)) for side in rgb.shape[1:])
    small = F.interpolate(rgb[None], (height, width), mode="bicubic", antialias=True)
    back = F.interpolate(small, rgb.shape[1:], mode="bicubic", antialias=True)[0]
    return on_grid(back.clamp(0, 1), 8)


DISTORTIONS: dict[str, tuple[Callable[[Tensor, float], Tensor], tuple[float, ...]]] = {
    "JPEG": (lambda x, q: coded(x, "JPEG", int(q)), tuple(range(98, 20, -3))),
    "WebP": (lambda x, q: coded(x, "WEBP", int(q)), tuple(range(100, 10, -4))),
    "grain": (grain, (1, 1.5, 2, 3, 4, 5, 6, 8, 10, 12, 15)),
    "resampled": (soft, (1.05, 1.1, 1.2, 1.3, 1.4, 1.5, 1.7, 2.0, 2.3, 2.7)),
}


def at_scores(rows: list[dict[str, float]]) -> dict[float, dict[str, float]]:
    """What each judge says where SSIMULACRA2 crosses each score, between neighbouring looks."""
    rows = sorted(rows, key=lambda row: row["ssimulacra2"])
    scores = [row["ssimulacra2"] for row in rows]
    return {
        score: {
            judge: float(np.interp(score, scores, [row[judge] for row in rows])) for judge in JUDGES
        }
        for score in SCORES
        if scores[0] <= score <= scores[-1]
    }


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("folder", type=Path)
    asked.add_argument("--side", type=int, default=256)
    asked.add_argument("--limit", type=int, default=10)
    args = asked.parse_args()
    paths = sorted(args.folder.glob("*.png"))
    found: dict[str, dict[float, list[dict[str, float]]]] = {}
    for path, other in list(zip(paths, paths[5:] + paths[:5], strict=True))[: args.limit]:
        clean, goal = loaded(path, args.side), loaded(other, args.side)
        for name, (distort, amounts) in DISTORTIONS.items():
            looks = at_scores([seen(clean, distort(clean, amount)) for amount in amounts])
            for score, row in looks.items():
                found.setdefault(name, {}).setdefault(score, []).append(row)
        for score in SCORES:
            moved = before.change(clean, goal, ("embedded",), 10, score)
            row = seen(clean, before.settled(clean, moved, score))
            found.setdefault("before", {}).setdefault(score, []).append(row)
        print(path.stem, flush=True)
        save("levels", {"side": args.side, "medians": medians(found)})


def medians(found: dict[str, dict[float, list[dict[str, float]]]]) -> dict[str, Any]:
    return {
        name: {
            str(score): {judge: median(row[judge] for row in rows) for judge in JUDGES}
            for score, rows in by_score.items()
        }
        for name, by_score in found.items()
    }


if __name__ == "__main__":
    main()
