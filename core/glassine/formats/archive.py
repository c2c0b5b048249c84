"""Painting programs' own files (.kra, .ora): a zip that holds the flattened picture as a PNG."""

from __future__ import annotations

import zipfile
from io import BytesIO

from .. import memory
from ..errors import NotUsable, Unreadable
from ..types import Artwork
from . import png

_PICTURE = "mergedimage.png"
_HEAD = b"PK\x03\x04"
_FREE, _RATIO = 64 << 20, 200
"""A PNG hardly packs any further: past 64 MB, 200 : 1 is a trap and no painting."""


def is_a(data: bytes, kind: bytes) -> bool:
    """Both formats store an uncompressed file `mimetype` first, so that it can be seen here."""
    return data.startswith(_HEAD) and data[30:38] == b"mimetype" and kind in data[38:100]


def read(data: bytes, what: str) -> Artwork:
    try:
        with zipfile.ZipFile(BytesIO(data)) as folder:
            flat = picture(folder, len(data), what)
    except (zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError) as error:
        raise Unreadable(
            f"{what} is cut off or damaged ({error}). Open it in your painting program and save "
            f"it again, or export a PNG."
        ) from error
    return png.read(flat, f"The flattened picture in {what}")


def picture(folder: zipfile.ZipFile, size: int, what: str) -> bytes:
    """The flattened picture, never more of it than its own directory promises."""
    if _PICTURE not in folder.namelist():
        raise NotUsable(
            f"{what} holds no flattened picture ({_PICTURE}). Save it again with that option on, "
            f"or export a PNG and protect that."
        )
    entry = folder.getinfo(_PICTURE)
    if entry.file_size > max(_FREE, min(_RATIO * size, memory.available() // 4)):
        raise Unreadable(
            f"{what} would unpack to {entry.file_size / 1e9:.1f} GB from {size / 1e6:.1f} MB, "
            f"which no real painting does. It was not opened."
        )
    with folder.open(entry) as stream:
        flat = stream.read(entry.file_size + 1)
    if len(flat) != entry.file_size:
        raise zipfile.BadZipFile("its contents have another size than its directory says")
    return flat
