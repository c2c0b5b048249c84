"""A file -> artwork."""

from __future__ import annotations

from pathlib import Path

from ..errors import NotUsable, Unreadable
from ..formats import FORMATS
from ..machine import memory
from ..types import Artwork

_STRANGERS = {
    b"GIF8": "a GIF",
    b"8BPS": "a Photoshop document",
    b"%PDF": "a PDF",
    b"BM": "a Windows bitmap",
    b"\x76\x2f\x31\x01": "an OpenEXR picture",
    b"gimp xcf": "a GIMP document",
    b"\xff\x0a": "a JPEG XL picture",
    b"\0\0\0\x0cJXL ": "a JPEG XL picture",
    b"PK\x03\x04": "a zip archive",
    b"<svg": "a vector drawing",
    b"<?xml": "a text in XML",
}


def read(source: Path | bytes, name: str = "") -> Artwork:
    """The picture as the engine sees it; everything that reading had to convert is in its notes.

    name  of the file that the bytes are from, for what is said of it
    """
    name = name if isinstance(source, bytes) else source.name
    what = f"'{name}'" if name else "The picture"
    data = source if isinstance(source, bytes) else file_contents(source)
    for entry in FORMATS.values():
        if entry.opens(data):
            artwork = entry.read(data, what)
            if artwork.alpha is not None and not artwork.alpha.any():
                raise NotUsable(
                    f"{what} is transparent everywhere, so there is nothing to protect. "
                    f"Check which layers were shown when it was exported."
                )
            return artwork
    raise Unreadable(f"{what} {looks_like(data)}. Glassine opens {', '.join(FORMATS)}. {_REMEDY}")


_REMEDY = "Open it in your painting program and export a PNG."


def looks_like(data: bytes) -> str:
    """What the bytes look like instead."""
    if not data:
        return "is empty"
    if data[4:8] == b"ftyp" and data[8:10] in (b"he", b"mi"):
        return "is a HEIC picture, as phones make them, which Glassine does not open"
    for start, name in _STRANGERS.items():
        if data.startswith(start):
            return f"is {name}, which Glassine does not open"
    return "is not a picture that Glassine can open"


def file_contents(path: Path) -> bytes:
    """The bytes of a file, or a sentence about why there are none."""
    try:
        if path.is_dir():
            raise Unreadable(
                f"'{path}' is a folder. Name a picture in it; to protect all of them: "
                f"glassine batch {path} -o OUT"
            )
        if path.stat().st_size > memory.available() // 2:
            raise Unreadable(f"'{path.name}' is larger than half of this machine's free memory.")
        return path.read_bytes()
    except FileNotFoundError as error:
        raise Unreadable(f"There is no file '{path}'. Check its name and folder.") from error
    except PermissionError as error:
        raise Unreadable(
            f"'{path}' may not be read by you. Change its permissions or copy it elsewhere."
        ) from error
    except OSError as error:
        raise Unreadable(f"'{path}' could not be read: {error.strerror or error}.") from error
