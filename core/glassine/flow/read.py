"""A file -> artwork."""

from __future__ import annotations

from pathlib import Path

from ..errors import NotUsable, Unreadable, reason_of
from ..formats import FORMATS
from ..machine import memory
from ..messages import Message, message
from ..types import Artwork

_STRANGERS = {
    b"GIF8": message("stranger.gif"),
    b"8BPS": message("stranger.photoshop"),
    b"%PDF": message("stranger.pdf"),
    b"BM": message("stranger.bitmap"),
    b"\x76\x2f\x31\x01": message("stranger.openexr"),
    b"gimp xcf": message("stranger.gimp"),
    b"\xff\x0a": message("stranger.jpeg_xl"),
    b"\0\0\0\x0cJXL ": message("stranger.jpeg_xl"),
    b"PK\x03\x04": message("stranger.zip"),
    b"<svg": message("stranger.svg"),
    b"<?xml": message("stranger.xml"),
}


def read(source: Path | bytes, name: str = "") -> Artwork:
    """The picture as the engine sees it; everything that reading had to convert is in its notes.

    name  of the file that the bytes are from, for what is said of it
    """
    name = name if isinstance(source, bytes) else source.name
    what = message("picture.named", name=name) if name else message("picture.this")
    data = source if isinstance(source, bytes) else file_contents(source)
    for entry in FORMATS.values():
        if entry.opens(data):
            artwork = entry.read(data, what)
            if artwork.alpha is not None and not artwork.alpha.any():
                raise NotUsable("read.all_transparent", what=what)
            return artwork
    if not data:
        raise Unreadable("read.empty", what=what, formats=tuple(FORMATS))
    if kind := kind_of_stranger(data):
        raise Unreadable("read.stranger", what=what, kind=kind, formats=tuple(FORMATS))
    raise Unreadable("read.no_picture", what=what, formats=tuple(FORMATS))


def kind_of_stranger(data: bytes) -> Message | None:
    """What the bytes look like instead; None where nobody knows."""
    if data[4:8] == b"ftyp" and data[8:10] in (b"he", b"mi"):
        return message("stranger.heic")
    return next((kind for start, kind in _STRANGERS.items() if data.startswith(start)), None)


def file_contents(path: Path) -> bytes:
    """The bytes of a file; raises where there are none."""
    try:
        if path.is_dir():
            raise Unreadable("read.folder", path=path)
        if path.stat().st_size > memory.available() // 2:
            raise Unreadable("read.too_large", name=path.name)
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Unreadable("read.absent", path=path) from error
    except PermissionError as error:
        raise Unreadable("read.not_allowed", path=path) from error
    except OSError as error:
        raise Unreadable("read.failed", path=path, reason=reason_of(error)) from error
