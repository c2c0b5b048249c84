"""The flattened picture inside a painting program's file (.kra, .ora), which is a zip."""

from __future__ import annotations

import struct
import zipfile
import zlib

from ..errors import NotUsable, Unreadable
from ..machine import memory
from ..messages import Field, message

DAMAGED = (
    *(zipfile.BadZipFile, EOFError, OSError, RuntimeError, NotImplementedError, ValueError),
    *(LookupError, OverflowError, struct.error, zlib.error),
)
"""What `zipfile` raises for damaged or hostile archives (tests/fuzz.py)."""
_PICTURE = "mergedimage.png"
_FREE, _RATIO = 64 << 20, 200
"""A PNG hardly packs any further in a zip: beyond _FREE bytes, a ratio above _RATIO is a
decompression bomb."""


def picture(folder: zipfile.ZipFile, size: int, what: Field) -> bytes:
    """The flattened picture as PNG; never unpacks more than the archive's directory promises.

    size  of the archive, in bytes
    what  the file's name in messages
    """
    if _PICTURE not in folder.namelist():
        raise NotUsable("merged.absent", what=what, file=_PICTURE)
    entry = folder.getinfo(_PICTURE)
    if entry.file_size > max(_FREE, min(_RATIO * size, memory.available() // 4)):
        raise Unreadable(
            "merged.trap", what=what, unpacked=entry.file_size / 1e9, packed=size / 1e6
        )
    with folder.open(entry) as stream:
        flat = stream.read(entry.file_size + 1)
    if len(flat) != entry.file_size:
        raise zipfile.BadZipFile(message("merged.other_size"))
    return flat
