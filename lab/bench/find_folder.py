"""A folder as large as a data set: small crops of strangers' pictures, with copies among them.

Every file is different: another crop at another scale, saved at another quality. The pictures come
from folders the caller names (any Debian package with pictures will do); a picture that serves as
a work must not lie in them, or its crops would rightly be found.
"""

from __future__ import annotations

import multiprocessing
import os
import random
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import lru_cache
from pathlib import Path

import cv2
import numpy as np
import pyvips
from glassine.pixels.flatten import laid_on_white

ENDS = (".jpg", ".png", ".webp")
PER_FOLDER = 2000
_BASES = 160  # pictures that the crops are cut from


def pictures(folders: list[Path]) -> list[Path]:
    """Every picture below the folders; of one picture in several sizes only one."""
    found: dict[str, Path] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() in ENDS and path.is_file():
                sizes = path.parent.name == "images"  # how Plasma keeps them
                found.setdefault(str(path.parent if sizes else path), path)
    return list(found.values())


def plain(path: Path, side: int, size: str = "down") -> pyvips.Image:
    """8-bit sRGB on white, at most `side` long; "both": exactly."""
    image = pyvips.Image.thumbnail(str(path), side, size=size)
    return laid_on_white(image).copy_memory()


def strangers(folder: Path, sources: list[Path], count: int, processes: int) -> None:
    """`count` JPEGs of 128 to 256 pixels, 2000 to a folder."""
    picked = random.Random(7).sample(sources, min(_BASES, len(sources)))
    starts = range(0, count, PER_FOLDER)
    jobs = [(folder, picked, at, min(PER_FOLDER, count - at)) for at in starts]
    spawn = multiprocessing.get_context("spawn")  # libvips' threads do not survive a fork
    with ProcessPoolExecutor(processes, mp_context=spawn) as pool:
        for _ in pool.map(_strangers, jobs):
            pass


@lru_cache(maxsize=_BASES)
def base(path: Path) -> np.ndarray:
    return np.asarray(plain(path, 900))[..., :3]


def _strangers(job: tuple[Path, list[Path], int, int]) -> None:
    place, sources, first, count = job
    folder, draw = place / f"{first // PER_FOLDER:04}", random.Random(first)
    folder.mkdir(parents=True, exist_ok=True)
    if len(os.listdir(folder)) >= count:  # made by a run that was stopped
        return
    kept = [one for one in map(base, sources) if min(one.shape[:2]) >= 128 and one.std() > 12]
    for number in range(first, first + count):
        part, quality = crop(draw.choice(kept), draw), draw.randint(70, 93)
        file = str(folder / f"{number:06}.jpg")
        cv2.imwrite(file, part[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])


def crop(whole: np.ndarray, draw: random.Random) -> np.ndarray:
    """A part of it, brought to 128 to 256 pixels."""
    height, width = whole.shape[:2]
    least = min(height, width, 128)
    high, wide = (draw.randint(least, min(side, 900)) for side in (height, width))
    wide = min(max(wide, high // 2), high * 2, width)
    high = min(high, wide * 2)
    top, left = draw.randint(0, height - high), draw.randint(0, width - wide)
    part, scale = whole[top : top + high, left : left + wide], draw.randint(128, 256)
    size = (max(16, wide * scale // max(high, wide)), max(16, high * scale // max(high, wide)))
    resized: np.ndarray = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    return resized


def copies(exported: Path, wall: Path) -> Iterator[tuple[str, Callable[[Path], object]]]:
    """(kind of copy, what writes it), such as platforms and people who repost make."""
    image = plain(exported, 4000)
    wide, high = image.width, image.height

    def part(share: float) -> pyvips.Image:
        left, top = round(wide * share / 2), round(high * share / 2)
        return image.crop(left, top, wide - 2 * left, high - 2 * top)

    def pasted() -> pyvips.Image:
        behind = plain(wall, 1200, "both")
        front = image.resize(0.5 * max(behind.width, behind.height) / max(wide, high))
        return behind.insert(front, behind.width // 5, behind.height // 6, expand=True)

    yield "same file", lambda path: shutil.copy(exported, path.with_suffix(exported.suffix))
    made: dict[str, tuple[Callable[[], pyvips.Image], int]] = {
        "metadata stripped": (lambda: image, 92),
        "JPEG 60": (lambda: image, 60),
        "at most 200 pixels": (lambda: image.resize(200 / max(wide, high)), 85),
        "crop 10 %": (lambda: part(0.1), 85),
        "crop 10 %, half, JPEG 75": (lambda: part(0.1).resize(0.5), 75),
        "crop 50 %": (lambda: part(0.5), 85),
        "mirrored": (lambda: image.fliphor(), 85),
        "turned by 10 degrees": (lambda: image.rotate(10, background=255), 85),
        "pasted into a larger picture": (pasted, 85),
    }
    for name, (make, quality) in made.items():
        yield (
            name,
            lambda path, make=make, quality=quality: make().jpegsave(  # type: ignore[misc]
                str(path.with_suffix(".jpg")), Q=quality, keep="none"
            ),
        )
