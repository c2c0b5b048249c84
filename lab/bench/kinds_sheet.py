"""A sheet of kinds of pictures before and after protection with default settings.

    python -m lab.bench.kinds_sheet [--strength auto] [--sheet FILE]

Every picture is ours: drawn by `lab.bench.kinds`, or the repository's example (at its own size it
is taken for a photo, at half of it for a painting). Columns: before, after, and the place that
changed most relative to its own detail, enlarged three times (before and after). Prints per picture
its kind, the strength, the largest change in levels, and the detail before and after: the standard
deviation in levels from the mean of the surrounding pixels, which shows on a smooth surface.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
import torch.nn.functional as F
from glassine.flow.optimise import optimise
from glassine.flow.plan import plan
from glassine.flow.read import read
from glassine.flow.settle import settle
from glassine.pixels.grid import on_grid, to_array
from glassine.pixels.resize import lanczos
from glassine.types import Artwork, Intent
from glassine.visibility import ssimulacra2
from PIL import Image
from torch import Tensor

from ..places import ROOT
from .kinds import drawn

SHEET = ROOT / "docs" / "pictures" / "kinds.png"
SIDE, SHOWN, TIMES, GAP = 128, 126, 3, 6  # pixels of a picture, and shown of it; enlarged; pixels
AROUND = 8  # pixels; side of the square whose mean a pixel is compared with
DRAWN = {
    "line": "line: blue pencil on paper",
    "flat": "flat: comic",
    "pixel": "pixel: enlarged by 8",
    "grey": "grey: wash",
    "gradient": "flat: gradient",
}


def pictures() -> dict[str, Tensor]:
    lake, known = read(ROOT / "examples" / "lake.png").rgb, dict(drawn())
    height, width = lake.shape[1:]
    found = {"photo": lake[:, 130 : 130 + SIDE, 360 : 360 + SIDE]}
    half = on_grid(lanczos(lake, height // 2, width // 2), 8)
    found["painting"] = half[:, -SIDE:, :SIDE]
    return found | {
        kind: known[name][:, 100 : 100 + SIDE, 100 : 100 + SIDE] for kind, name in DRAWN.items()
    }


def detail(rgb: Tensor) -> float:
    """Standard deviation, in levels, from the mean of the surrounding pixels."""
    side = 2 * AROUND + 1
    padded = F.pad(rgb[None], (AROUND,) * 4, mode="reflect")
    return float((rgb - F.avg_pool2d(padded, side, 1)[0]).std()) * 255


def loudest(before: Tensor, after: Tensor) -> tuple[int, int]:
    """Top and left of the crop that changed most relative to its own detail."""
    size = SHOWN // TIMES
    change = (after - before).abs().mean(0)[None, None]
    grey = before.mean(0)[None, None]
    spread = (
        F.avg_pool2d(grey.square(), size, 8) - F.avg_pool2d(grey, size, 8).square()
    ).clamp_min(0)
    loud = (F.avg_pool2d(change, size, 8) / (spread.sqrt() + 0.02))[0, 0]
    row, column = divmod(int(loud.argmax()), loud.shape[1])
    return row * 8, column * 8


def row(before: Tensor, after: Tensor) -> Tensor:
    """Four squares beside each other."""
    top, left = loudest(before, after)
    size, parts = SHOWN // TIMES, list[Tensor]()
    parts += [picture[:, :SHOWN, :SHOWN] for picture in (before, after)]
    for picture in (before, after):
        cut = picture[:, top : top + size, left : left + size]
        parts.append(cut.repeat_interleave(TIMES, 1).repeat_interleave(TIMES, 2))
    return beside(
        [F.pad(one, (0, SHOWN - one.shape[2], 0, SHOWN - one.shape[1]), value=1) for one in parts],
        2,
    )


def beside(parts: list[Tensor], along: int) -> Tensor:
    gap = list(parts[0].shape)
    gap[along] = GAP
    spaced = [one for part in parts for one in (part, torch.ones(gap))]
    return torch.cat(spaced[:-1], along)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--strength", default="auto")
    asked.add_argument("--sheet", type=Path, default=SHEET)
    asked.add_argument("--only", nargs="*")
    args = asked.parse_args()
    rows = []
    for kind, before in pictures().items():
        if args.only and kind not in args.only:
            continue
        wish = Intent(seed=1, strength=args.strength, style="ember", surrogates=("embedded",))
        made = plan(Artwork(before), wish, device="cpu")
        after = settle(optimise(made)).rgb
        change = (after - before).abs()
        print(
            f"{kind:9} taken for {made.art.name:9} asked {made.score:.0f}, is "
            f"{ssimulacra2(before, after):5.1f}  levels: {float(change.mean()) * 255:.2f}, at most "
            f"{float(change.max()) * 255:.0f}; detail {detail(before):.2f} -> {detail(after):.2f}",
            flush=True,
        )
        rows.append(row(before, after))
    Image.fromarray(to_array(beside(rows, 1), 8)).save(args.sheet, optimize=True)


if __name__ == "__main__":
    main()
