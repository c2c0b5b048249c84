"""Painting programs' own files (.kra, .ora): a zip that holds the flattened picture as a PNG."""

from __future__ import annotations

import zipfile
from io import BytesIO

from ..causes import details_of
from ..errors import Unreadable
from ..messages import Field, message
from ..pixels.merged import DAMAGED, picture
from ..types import Artwork
from . import png

_HEAD = b"PK\x03\x04"


def is_a(data: bytes, kind: bytes) -> bool:
    """Whether the data is a zip of that MIME type: .kra and .ora store an uncompressed file
    `mimetype` first."""
    return data.startswith(_HEAD) and data[30:38] == b"mimetype" and kind in data[38:100]


def read(data: bytes, what: Field) -> Artwork:
    try:
        with zipfile.ZipFile(BytesIO(data)) as folder:
            flat = picture(folder, len(data), what)
    except DAMAGED as error:
        raise Unreadable("archive.damaged", what=what, details=details_of(error)) from error
    return png.read(flat, message("archive.picture", what=what))
