"""Drawn portraits -> the faces that a cloak can pull towards: core/glassine/faces/drawn.

It was run once and is kept for the record, on Debian's package wesnoth-1.16-data (GPL-2+):
    apt-get download wesnoth-1.16-data && dpkg-deb -x wesnoth-1.16-data_*.deb w
    python scripts/make_face_gallery.py w/usr/share/games/wesnoth/1.16/data/core/images/portraits
Every portrait in which exactly one face is found is cut as `faces.gallery` wants it. Of these the
first by name is taken, and then again and again the one that is farthest from all taken before.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from glassine.embedders import EMBEDDERS
from glassine.embedders.loaded import embedder
from glassine.faces.align import as_seen
from glassine.faces.detect import find_faces
from glassine.faces.gallery import FOLDER, INDEX, POINTS, SIZE
from glassine.flow.read import read
from glassine.formats import FORMATS
from glassine.machine.device import choose
from glassine.pixels.flatten import on_white
from glassine.types import Keep
from torch import Tensor

COUNT, SURE, SIDE, QUALITY = 12, 0.97, 90, 88
NAMES = ("dlib", "mobileface")


def seen(picture: Tensor) -> tuple[Tensor, Tensor] | None:
    """(the cut face, its embeddings by the networks that ship); None unless there is one face."""
    faces = find_faces(picture)
    if len(faces) != 1 or faces[0].sure < SURE or faces[0].side < SIDE:
        return None
    rows = []
    for name in NAMES:
        entry = EMBEDDERS[name]
        crop = as_seen(picture, faces[0], entry.points, entry.size)
        row = embedder(name, choose("cpu"))(crop[None])[0]
        rows.append(row / row.norm())
    return as_seen(picture, faces[0], POINTS, SIZE), torch.cat(rows)


def main(folder: Path) -> None:
    found = {}
    for path in sorted(folder.rglob("*.png")):
        artwork = read(path)
        if one := seen(on_white(artwork.rgb, artwork.alpha)):
            found[path.relative_to(folder).as_posix()] = one
    print(len(found), "with one face")
    left, taken = dict(found), list[str]()
    while left and len(taken) < COUNT:
        far = {
            name: min((float((row - found[other][1]).norm()) for other in taken), default=0.0)
            for name, (_, row) in left.items()
        }
        taken.append(max(far, key=lambda name: far[name]))
        del left[taken[-1]]
    FOLDER.mkdir(exist_ok=True)
    write = FORMATS["webp"].write
    assert write is not None
    index = {}
    for number, name in enumerate(taken, 1):
        file = f"face{number:02}.webp"
        (FOLDER / file).write_bytes(write(found[name][0].clamp(0, 1), None, Keep(), QUALITY))
        index[file] = name
    (FOLDER / INDEX).write_text(json.dumps(index, indent=1) + "\n", "utf-8")
    print(index)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
