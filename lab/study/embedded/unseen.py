"""Pictures that no training used: ten paintings, and twenty of other kinds from other packages.

    python -m lab.study.embedded.unseen

fetches the packages, once: apt-get download, dpkg-deb -x; nothing is installed.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import Tensor

from ...debian import unpacked
from .common import paintings, picture

FOLDER = Path("/root/unseen")
PACKAGES = ("tuxpaint-data", "supertux-data", "neverball-data", "crawl-tiles-data")
_PAINT, _TUX = (
    "tuxpaint-data/usr/share/tuxpaint",
    "supertux-data/usr/share/games/supertux2/images/background",
)
_BALL, _CRAWL = (
    "neverball-data/usr/share/games/neverball",
    "crawl-tiles-data/usr/share/crawl/dat/tiles",
)
OTHERS = {
    "photo": [
        f"{_PAINT}/templates/{n}.jpg" for n in ("lighthouse", "sheep", "jellyfish", "burnt_bark")
    ],
    "line": [
        f"{_PAINT}/starters/{n}.png" for n in ("tux_farmer", "shipwreck", "pansy", "carcassone")
    ],
    "3d": [
        f"{_BALL}/{n}"
        for n in (
            "shot-fwp/museum.png",
            "shot-fwp/tree.png",
            "shot-fwp/ufo.png",
            "shot-medium/woodmaze.jpg",
        )
    ],
    "flat": [
        f"{_TUX}/{n}.jpg"
        for n in ("christmas/intro", "misc/oiltux", "halloween/outro", "antarctic/semi_arctic")
    ],
    "pixel": [f"{_CRAWL}/{n}.png" for n in ("main", "player", "wall", "feat")],
}


def atlas(path: Path, size: int) -> Tensor:
    """Pixel art as games show it: a corner of the sprite sheet, every pixel enlarged four times."""
    image = Image.open(path).convert("RGBA").crop((0, 0, size // 4, size // 4))
    image = Image.alpha_composite(Image.new("RGBA", image.size, (96, 96, 104)), image)
    image = image.convert("RGB").resize((size, size), Image.Resampling.NEAREST)
    return torch.from_numpy(np.array(image)).permute(2, 0, 1)[None].float() / 255


def pictures(size: int) -> Iterator[tuple[str, str, Tensor, Tensor]]:
    """(kind, name, picture, target), all (1,3,size,size); the targets are paintings."""
    art = paintings()
    look = [picture(p, size) for p in art]
    for i, p in enumerate(art):
        yield (
            "painting",
            p.stem[:9],
            look[i],
            look[(i + 5) % 10],
        )  # olive groves look at sunflowers and back
    for i, (kind, path) in enumerate((k, FOLDER / f) for k, files in OTHERS.items() for f in files):
        x = atlas(path, size) if kind == "pixel" else picture(path, size)
        yield kind, path.stem, x, look[(3 * i) % 10]


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    unpacked(PACKAGES, FOLDER)
