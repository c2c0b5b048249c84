"""Captioned pictures out of Debian packages, for the study: python -m lab.study.pictures

Downloads (apt-get download) and unpacks, as any user may, three packages into --data; nothing of
them is committed. tuxpaint-stamps-default: GPL-2; openclipart-png: public domain;
wesnoth-1.16-data: GPL-2+, portraits credited by artist in its file ARTISTS.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import torch
from PIL import Image
from torch import Tensor

from ..debian import unpacked

DATA = Path("/root/data")
PACKAGES = ("tuxpaint-stamps-default", "openclipart-png", "wesnoth-1.16-data")
CLIPART = "openclipart-png/usr/share/openclipart/png"
STAMPS = "tuxpaint-stamps-default/usr/share/tuxpaint/stamps"
PORTRAITS = "wesnoth-1.16-data/usr/share/games/wesnoth/1.16/data/core/images/portraits"

CONCEPTS = {
    "flag": (f"{CLIPART}/signs_and_symbols/flags",),
    "card": (f"{CLIPART}/recreation/games",),
    "fruit": (f"{CLIPART}/food/fruit", f"{STAMPS}/food/fruit"),
    "bird": (f"{CLIPART}/animals/birds", f"{STAMPS}/animals/birds"),
    "mammal": (f"{CLIPART}/animals/mammals", f"{STAMPS}/animals/mammals"),
    "insect": (f"{CLIPART}/animals/bugs", f"{STAMPS}/animals/insects"),
    "flower": (f"{CLIPART}/plants/flowers", f"{STAMPS}/plants/flowers"),
    "vehicle": (f"{CLIPART}/transportation/vehicles", f"{STAMPS}/vehicles"),
}
"""Concept -> folders. Chosen for having enough pictures that a small network tells apart."""

ARTISTS = {
    "polikeit": ("elves", "humans/mage", "humans/outlaw", "humans/thief", "merfolk"),
    "rotival": ("orcs", "humans/spearman", "humans/knight", "humans/lieutenant", "humans/general"),
    "barber": ("drakes", "dwarves", "saurians"),
}
"""Artist -> starts of portrait paths, after the package's file ARTISTS."""

VICTIM = "polikeit"
"""The artist whose works the cloak experiment adds; the model is first trained without them."""

MOST = 250  # pictures of one concept; flags would outnumber everything else


@dataclass(frozen=True)
class Captioned:
    path: Path
    caption: str
    label: str


def concepts(data: Path = DATA) -> list[Captioned]:
    """Every concept's pictures in a fixed order, at most MOST of each, evenly drawn."""
    found: list[Captioned] = []
    for name, folders in CONCEPTS.items():
        paths = sorted(p for folder in folders for p in (data / folder).rglob("*.png"))
        step = max(1, len(paths) / MOST)
        chosen = [paths[int(i * step)] for i in range(min(MOST, len(paths)))]
        found += [Captioned(path, f"a picture of a {name}", name) for path in chosen]
    return found


def portraits(data: Path = DATA) -> list[Captioned]:
    found: list[Captioned] = []
    for name, starts in ARTISTS.items():
        root = data / PORTRAITS
        paths = sorted(
            p for p in root.rglob("*.png") if str(p.relative_to(root)).startswith(starts)
        )
        found += [Captioned(path, f"a portrait by {name}", name) for path in paths]
    return found


def opened(path: Path, side: int) -> Tensor:
    """(3, side, side) in [0, 1]: on white, padded to a square, so that nothing is cut off."""
    picture = Image.open(path).convert("RGBA")
    long = max(picture.size)
    page = Image.new("RGBA", (long, long), "white")
    width, height = picture.size
    page.alpha_composite(picture, ((long - width) // 2, (long - height) // 2))
    page = page.convert("RGB").resize((side, side), Image.Resampling.LANCZOS)
    flat = torch.frombuffer(bytearray(page.tobytes()), dtype=torch.uint8)
    return flat.view(side, side, 3).permute(2, 0, 1).float() / 255


def split(found: list[Captioned]) -> tuple[list[Captioned], list[Captioned]]:
    """Alternating per label: what the model is first trained on, and what is added later."""
    first: list[Captioned] = []
    later: list[Captioned] = []
    for label in dict.fromkeys(one.label for one in found):
        own = [one for one in found if one.label == label]
        first += own[::2]
        later += own[1::2]
    return first, later


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--data", type=Path, default=DATA)
    data = unpacked(PACKAGES, asked.parse_args().data)
    for found in (concepts(data), portraits(data)):
        for label in dict.fromkeys(one.label for one in found):
            print(label, sum(one.label == label for one in found))


if __name__ == "__main__":
    main()
