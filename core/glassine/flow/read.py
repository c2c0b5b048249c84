"""A file -> artwork."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePath

from ..errors import NotUsable, Unreadable, reason_of
from ..formats import FORMATS
from ..machine import files, memory
from ..machine.strangers import HEAD, is_raw, stranger
from ..marks import containers
from ..messages import message
from ..types import Artwork


def read(source: Path | bytes, name: str = "") -> Artwork:
    """The picture as the engine sees it; its notes say what reading had to convert.

    name  of the file that the bytes are from, for messages
    """
    name = name if isinstance(source, bytes) else source.name
    what = message("picture.named", name=name) if name else message("picture.this")
    data = source if isinstance(source, bytes) else file_contents(source)
    raw = is_raw(data, PurePath(name).suffix.lower())  # read as a TIFF it would give its preview
    for entry in FORMATS.values():
        if entry.opens(data) and not raw:
            artwork = entry.read(data, what)
            if artwork.alpha is not None and not artwork.alpha.any():
                raise NotUsable("read.all_transparent", what=what)
            return told_of_loss(artwork, data)
    if not data:
        raise Unreadable("read.empty", what=what, formats=tuple(FORMATS))
    if kind := stranger(data[:HEAD], name):
        raise Unreadable("read.stranger", what=what, kind=kind, formats=tuple(FORMATS))
    raise Unreadable("read.no_picture", what=what, formats=tuple(FORMATS))


def told_of_loss(artwork: Artwork, data: bytes) -> Artwork:
    """The artwork, with a note where its file is signed: the copy cannot keep that signature."""
    if not containers.signed(data):
        return artwork
    return replace(artwork, notes=(*artwork.notes, message("metadata.manifest")))


def file_contents(path: Path) -> bytes:
    """The bytes of a file; raises Unreadable where it cannot be read or is too large for memory."""
    most = memory.available() // 2
    try:
        if path.is_dir():
            raise Unreadable("read.folder", path=path)
        if path.stat().st_size > most:
            raise Unreadable("read.too_large", name=path.name)
        data = files.contents(path, most + 1)
        if len(data) > most:  # files that the system makes up (/proc) tell no size
            raise Unreadable("read.too_large", name=path.name)
        return data
    except files.NoFile as error:
        raise Unreadable("file.device", path=path) from error
    except FileNotFoundError as error:
        raise Unreadable("read.absent", path=path) from error
    except PermissionError as error:
        raise Unreadable("read.not_allowed", path=path) from error
    except OSError as error:
        raise Unreadable("read.failed", path=path, reason=reason_of(error)) from error
