"""Crops to train the witness on, from Debian packages: python -m lab.study.witness.pictures

Downloads (apt-get download), unpacks and cuts pictures into one file; none of it is committed.
The licences of the packages are listed in the README beside this file.
"""

from __future__ import annotations

import argparse
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.lib.format import open_memmap
from PIL import Image
from torch import Tensor

from ...debian import unpacked

Image.MAX_IMAGE_PIXELS = 200_000_000  # some wallpapers are larger than Pillow expects

HOME = Path("/root/witness")
SIDE, LARGEST = 96, 1080  # pixels: of a crop; of a picture's shorter side before it is cut
PLAIN = 0.02  # a crop whose channels' mean spread is smaller teaches nothing
PACKAGES = {  # package -> (its share of the crops, pictures at most, bytes of a file at least)
    "mate-backgrounds": (0.12, 99, 50_000),
    "plasma-workspace-wallpapers": (0.16, 99, 50_000),
    "gnome-backgrounds": (0.05, 99, 50_000),
    "ukui-wallpapers": (0.06, 99, 50_000),
    "lomiri-wallpapers-16.04": (0.12, 99, 50_000),
    "lomiri-wallpapers-20.04": (0.03, 99, 50_000),
    "wesnoth-1.16-data": (0.22, 400, 60_000),
    "tuxpaint-stamps-default": (0.12, 250, 20_000),
    "openclipart-png": (0.12, 500, 30_000),
}
HELD = (
    "mate/nature/Wood.jpg",
    "mate/nature/Storm.jpg",
    "mate/nature/LadyBird.jpg",
    "backgrounds/Dragonfly_by_Bolly.jpg",
    "backgrounds/Bridge_by_Sander_Klootwijk.jpg",
    "backgrounds/Picture_1A_by_freespace.jpg",
    "backgrounds/Kleiber_by_Lukas_Baubkus.jpg",
    "backgrounds/goldfish.png",
    "wallpapers/Autumn/contents/images/2560x1600.jpg",
    "wallpapers/ColorfulCups/contents/images/2560x1600.jpg",
    "wallpapers/FlyingKonqui/contents/images/2560x1600.png",
    "wallpapers/Patak/contents/images/5120x2880.png",
    "images/story/landscape-mountains-02.jpg",
    "images/story/landscape-coast.jpg",
    "images/story/swamp-02.jpg",
    "portraits/elves/sorceress.png",
    "stamps/animals/mammals/cats/tiger_sumatran.png",
    "stamps/animals/birds/helmeted_guineafowl.png",
    "animals/bugs/ladybug_02.png",
    "people/a_happy_boy_01.png",
)
"""Ends of the paths of twenty pictures that are never trained on: photographs, renderings,
paintings, a portrait, stamps and clip art."""


def held(folder: Path) -> list[Path]:
    """The twenty, in the order of their list."""
    every = sorted(path for path in folder.rglob("*") if path.is_file())
    return [next(path for path in every if str(path).endswith(end)) for end in HELD]


def listed(folder: Path, package: str) -> list[Path]:
    """A package's pictures without held-out, small and duplicate ones."""
    _, most, least = PACKAGES[package]
    found = sorted(
        path
        for path in (folder / package).rglob("*")
        if path.suffix in (".png", ".jpg", ".webp")
        and not path.is_symlink()
        and path.stat().st_size > least
        and not any(end.split("contents/")[0] in str(path) for end in HELD)  # in all sizes
        and path.stem != "screenshot"  # a small copy of a wallpaper
        and "/doc/" not in str(path)  # screenshots of a game
        and "/l10n/" not in str(path)  # the same map in every language
    )
    random.Random(0).shuffle(found)
    return found[:most]


def opened(path: Path, draw: random.Random) -> Image.Image | None:
    """The picture on a random plain colour, its shorter side at most LARGEST; None if too small."""
    try:
        file = Image.open(path)
        file.draft("RGB", (2 * LARGEST, 2 * LARGEST))
        image = file.convert("RGBA")
    except (OSError, Image.DecompressionBombError):  # formats that this Pillow does not read
        return None
    if min(image.size) < SIDE:
        return None
    factor = min(1.0, LARGEST / min(image.size))
    size = (round(image.width * factor), round(image.height * factor))
    image = image.resize(size, Image.Resampling.LANCZOS) if factor < 1 else image
    ground = tuple(draw.choice([255, draw.randrange(256)]) for _ in "rgb")
    whole = Image.new("RGBA", image.size, (*ground, 255))
    return Image.alpha_composite(whole, image).convert("RGB")


def crop(image: Image.Image, draw: random.Random) -> np.ndarray:
    """(SIDE, SIDE, 3) bytes of a random place at a random scale; plain places are avoided."""
    cut = np.zeros(0)
    for _ in range(10):
        side = round(SIDE * min(min(image.size) / SIDE, 8 ** draw.random()))
        left, top = draw.randrange(image.width - side + 1), draw.randrange(image.height - side + 1)
        box = (left, top, left + side, top + side)
        cut = np.asarray(image.resize((SIDE, SIDE), Image.Resampling.LANCZOS, box=box))
        if cut.std((0, 1)).mean() > PLAIN * 255:
            break
    return cut


def crops(folder: Path, count: int) -> Iterator[np.ndarray]:
    for package, (share, _, _) in PACKAGES.items():
        images, draw = listed(folder, package), random.Random(package)
        left, made = len(images), 0
        for path in images:
            image = opened(path, draw)
            wanted = round((share * count - made) / left)
            left -= 1
            if image:
                yield from (crop(image, draw) for _ in range(wanted))
                made += wanted
        print(package, len(images), "pictures", made, "crops", flush=True)


def pack(home: Path, count: int) -> None:
    """Cuts about `count` crops into crops.npy, (count, SIDE, SIDE, 3) bytes."""
    file = open_memmap(home / "crops.npy", "w+", np.uint8, (count, SIDE, SIDE, 3))
    at = -1
    for at, one in zip(range(count), crops(home / "data", count), strict=False):
        file[at] = one
    file.flush()
    np.save(home / "count.npy", np.array(at + 1))


def held_crops(home: Path, each: int = 12) -> Tensor:
    """(20 * each, 3, SIDE, SIDE) in [0, 1]: of the pictures that are never trained on."""
    draw = random.Random(2)
    found = [opened(path, draw) for path in held(home / "data")]
    cut = [crop(image, draw) for image in found if image for _ in range(each)]
    return torch.from_numpy(np.stack(cut)).permute(0, 3, 1, 2).float() / 255


if __name__ == "__main__":
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--home", type=Path, default=HOME)
    asked.add_argument("--crops", type=int, default=24_000)
    given = asked.parse_args()
    unpacked(PACKAGES, given.home / "data")
    pack(given.home, given.crops)
