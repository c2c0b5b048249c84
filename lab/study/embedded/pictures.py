"""Training pictures from Debian packages.

`python -m lab.study.embedded.pictures` downloads, unpacks and packs them into one file.

Nothing is installed: `apt-get download` and `dpkg-deb -x`. For licences see
core/glassine/surrogates/weights/embedded.md.
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from PIL import Image
from torch import Tensor

from ...debian import unpacked

Image.MAX_IMAGE_PIXELS = 200_000_000  # some wallpapers are larger than Pillow expects

PACKAGES = {  # package -> pictures at most (wallpapers are large: many crops come from each)
    "gnome-backgrounds": 100,
    "mate-backgrounds": 100,
    "plasma-workspace-wallpapers": 100,
    "openclipart-png": 300,
    "tuxpaint-stamps-default": 250,
    "wesnoth-1.16-data": 350,
}
DATA = Path("/root/data")
PACKED = Path("/root/embedded/pictures.pt")


def pack(folder: Path = DATA, to: Path = PACKED, side: int = 560) -> None:
    """Pictures as uint8 (h,w,3), shorter side at most `side`, on a random plain ground."""
    rng = random.Random(0)
    out: list[tuple[str, Tensor]] = []
    for package, most in PACKAGES.items():
        files = sorted(
            p
            for p in (folder / package).rglob("*")
            if p.suffix in (".png", ".jpg", ".webp")
            and not p.is_symlink()
            and p.stat().st_size > 20_000
        )
        rng.shuffle(files)
        taken = 0
        for path in files:
            if taken == most:
                break
            try:
                image = Image.open(path).convert("RGBA")
            except Exception:  # a format that this Pillow does not read
                continue
            w, h = image.size
            if min(w, h) < 128:
                continue
            s = min(1, side / min(w, h))
            image = image.resize((round(w * s), round(h * s)), Image.Resampling.LANCZOS)
            ground = Image.new(
                "RGBA",
                image.size,
                (*(rng.choice([255, rng.randrange(256)]) for _ in "rgb"), 255),
            )
            out.append(
                (
                    package,
                    torch.from_numpy(np.array(Image.alpha_composite(ground, image).convert("RGB"))),
                )
            )
            taken += 1
        print(package, taken, flush=True)
    torch.save(out, to)


class Crops:
    """Random crops (B,3,size,size) in [0,1], full or half scale, mirrored, seeded.

    Half of them from wallpapers (photographs, paintings, renderings), half from the small pictures.
    Every 13th picture is kept for validation.
    """

    def __init__(self, size: int, batch: int, seed: int, held: bool = False) -> None:
        mine = [v for i, v in enumerate(torch.load(PACKED)) if (i % 13 == 0) == held]
        self.walls = [p for name, p in mine if "backgrounds" in name or "wallpapers" in name]
        self.others = [p for name, p in mine if not ("backgrounds" in name or "wallpapers" in name)]
        self.size, self.batch, self.rng = size, batch, random.Random(seed)

    def one(self) -> Tensor:
        for _ in range(20):  # draw again if the crop is plain: it teaches nothing
            p = self.rng.choice(self.walls if self.rng.random() < 0.5 else self.others)
            h, w, _ = p.shape
            if min(h, w) < self.size:
                continue
            c = self.size * self.rng.choice([1, 1, 2])
            c = c if min(h, w) >= c else self.size
            i, j = self.rng.randrange(h - c + 1), self.rng.randrange(w - c + 1)
            v = p[i : i + c, j : j + c].permute(2, 0, 1)[None].float() / 255
            if v.std((2, 3)).mean() > 0.02:
                break
        v = F.interpolate(v, size=self.size, mode="area") if c != self.size else v
        return v.flip(-1) if self.rng.random() < 0.5 else v

    def __call__(self) -> Tensor:
        return torch.cat([self.one() for _ in range(self.batch)]).contiguous(
            memory_format=torch.channels_last
        )


if __name__ == "__main__":
    argparse.ArgumentParser(description=__doc__).parse_args()
    unpacked(PACKAGES, DATA)
    pack()
