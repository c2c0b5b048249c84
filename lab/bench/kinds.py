"""What kind a picture is taken for: drawn pictures of every kind, and pictures of folders.

    python -m lab.bench.kinds [FOLDER...]

Prints a row per picture: the kind according to `pixels/art.py`, and the numbers that decide it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyvips
import torch
from glassine.pixels import art
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter
from torch import Tensor

SIDE = 512  # pixels of what is drawn
Pixels = NDArray[np.uint8]


def drawn() -> Iterator[tuple[str, Tensor]]:
    """Pictures of every kind that a program can draw, with their names."""
    yield "line: ink on white", picture(strokes("white", "black"))
    yield "line: blue pencil on paper", picture(strokes((250, 246, 236), (40, 60, 150)))
    yield "line: white on black", picture(strokes("black", "white"))
    yield "line: scan with noise", picture(noisy(strokes("white", (30, 30, 30)), 4))
    yield "line: ink scan, JPEG", picture(coded(noisy(strokes((246, 246, 246), (24, 24, 24)), 3)))
    yield "flat: comic", picture(shapes())
    yield "flat: gradient", picture(gradient())
    yield "flat: gradient, grey", picture(gradient().convert("L").convert("RGB"))
    yield "pixel: sprite at its own size", picture(sprite(64))
    yield "pixel: enlarged by 8", picture(sprite(64).resize((512, 512), Image.Resampling.NEAREST))
    enlarged = sprite(96).resize((480, 480), Image.Resampling.NEAREST)
    yield "pixel: by 5, cropped", picture(enlarged.crop((3, 2, 443, 432)))
    yield (
        "pixel: grey, by 4",
        picture(
            sprite(64).convert("L").convert("RGB").resize((256, 256), Image.Resampling.NEAREST)
        ),
    )
    wash = Image.effect_noise((SIDE, SIDE), 90).filter(ImageFilter.GaussianBlur(1.2))
    yield "grey: wash", picture(wash.convert("RGB"))
    yield "grey: pencil on rough paper", picture(noisy(strokes((200, 200, 200), (60, 60, 60)), 22))


def strokes(paper: str | tuple[int, ...], ink: str | tuple[int, ...]) -> Image.Image:
    draw, sheet = np.random.default_rng(1), Image.new("RGB", (SIDE, SIDE), paper)
    pen = ImageDraw.Draw(sheet)
    for _ in range(60):
        points = [tuple(map(int, one)) for one in draw.integers(0, SIDE, (3, 2))]
        pen.line(points, fill=ink, width=int(draw.integers(1, 5)), joint="curve")
    return sheet


def shapes() -> Image.Image:
    """Large areas of one colour each, with outlines, smooth at the edges as programs draw them."""
    draw, sheet = np.random.default_rng(2), Image.new("RGB", (2 * SIDE, 2 * SIDE), (240, 200, 120))
    pen = ImageDraw.Draw(sheet)
    for _ in range(25):
        x, y, size = (int(one) for one in draw.integers(0, SIDE * 2, 3))
        fill = tuple(int(one) for one in draw.integers(0, 255, 3))
        pen.ellipse((x, y, x + size // 2, y + size // 2), fill=fill, outline="black", width=6)
    return sheet.resize((SIDE, SIDE), Image.Resampling.LANCZOS)


def gradient() -> Image.Image:
    across = np.linspace(0, 1, SIDE)[None, :, None]
    down = np.linspace(0, 1, SIDE)[:, None, None]
    mixed = 60 + 120 * across * np.array([1, 0.6, 0.2]) + 70 * down * np.array([0.1, 0.5, 1])
    return Image.fromarray(mixed.astype(np.uint8))


def sprite(side: int) -> Image.Image:
    """Four colours in the small shapes of a game's figure."""
    palette = np.array([(20, 20, 40), (200, 60, 50), (240, 200, 90), (90, 160, 90)], np.uint8)
    which = np.random.default_rng(3).integers(0, 4, (side // 2, side // 2))
    which = np.kron(which, np.ones((2, 2), int))
    which[::3, ::5] = 0
    return Image.fromarray(palette[which])


def noisy(image: Image.Image, levels: float) -> Image.Image:
    noise = np.random.default_rng(4).normal(0, levels, (*image.size[::-1], 1))
    return Image.fromarray((np.asarray(image) + noise).clip(0, 255).astype(np.uint8))


def coded(image: Image.Image) -> Image.Image:
    from io import BytesIO

    stream = BytesIO()
    image.save(stream, "JPEG", quality=85)
    return Image.open(stream).convert("RGB")


def picture(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.asarray(image).copy()).permute(2, 0, 1) / 255


def opened(path: Path) -> Tensor:
    """At most 2000 pixels long, in sRGB, without alpha."""
    small = pyvips.Image.thumbnail(str(path), 2000, size="down").colourspace("srgb")
    return torch.from_numpy(small.numpy()[..., :3].copy()).permute(2, 0, 1) / 255


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="*", type=Path)
    found = list(drawn())
    for folder in parser.parse_args().folders:
        paths = sorted(path for path in folder.rglob("*") if path.suffix in (".png", ".jpg"))
        found += [(path.name, opened(path)) for path in paths]
    for name, rgb in found:
        told, still = art.art_of(rgb), art.still_share(art.middle(rgb))
        print(f"{name[:40]:40} {told.name:9} grey {told.grey!s:5} still {still:.2f} {told.grid}")


if __name__ == "__main__":
    main()
