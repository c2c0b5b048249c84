"""Strangers' files as small pictures: what Glassine opens, and GIF, HEIC and BMP besides."""

from __future__ import annotations

from collections.abc import Collection
from io import BytesIO
from pathlib import Path

from PIL import Image, UnidentifiedImageError

from ..errors import EntryMissing, NotUsable, reason_of
from ..formats import FORMATS, heic
from ..ledger import fingerprint
from ..machine.strangers import is_bitmap, stranger
from ..machine.tree import Passed, beginning, below
from ..messages import Field, Message, message

_GIF = b"GIF8"
_LARGEST = 80_000_000  # pixels of a bitmap; Pillow warns of larger ones
_SUFFIXES = {*(one for entry in FORMATS.values() for one in entry.suffixes), ".gif", ".bmp"}
_PACKED = ("stranger.zip", "stranger.archive", "stranger.data_set")


def is_opened(head: bytes) -> bool:
    """Whether a file that begins like this is a picture that can be looked at."""
    known = head.startswith(_GIF) or is_bitmap(head)
    return known or any(one.opens(head) for one in FORMATS.values())


def looked(path: Path) -> Message | bool:
    """Whether that file is a picture that can be looked at; a message where it may be a picture and
    cannot.

    False says nothing more: a data set has a text beside each picture.
    """
    try:
        head = beginning(path)
    except OSError as error:
        return not_read(path, error)
    if is_opened(head):
        return True
    kind = stranger(head, path.name)
    if kind is None or kind.code == "stranger.xml":
        return path.suffix.lower() in _SUFFIXES  # a damaged one is reported when it is opened
    return message("find.unpack" if kind.code in _PACKED else "find.kind", path=path, kind=kind)


def pictures_below(
    folder: Path, known: Collection[Path] = ()
) -> tuple[list[Path], tuple[Message, ...]]:
    """Every picture below a folder, by its contents, and messages about files not looked at.

    Links are not followed; a target inside the folder is met at its own place. `known`: files that
    are known to be pictures, and are not opened.
    """
    if not folder.is_dir():
        raise NotUsable("find.no_folder", folder=folder)
    files, passed = below(folder)
    home, found, problems = folder.resolve(), list[Path](), list[Message]()
    for path in files:
        if path in known:
            found.append(path)
        elif path.is_symlink():
            if home not in path.resolve().parents:
                passed.append(Passed(path, message("passed.link")))
        elif isinstance(told := looked(path), Message):
            problems.append(told)
        elif told:
            found.append(path)
    problems += [message("find.passed", path=one.path, reason=one.reason) for one in passed]
    return found, tuple(problems)


def not_read(path: Path, error: Exception) -> Message:
    """The message about a file that the system could not read."""
    return message("read.failed", path=path, reason=reason_of(error))


def small(path: Path, side: int = fingerprint.VIEW) -> fingerprint.Bytes:
    """(h, w, 3) uint8, at most `side` long; raises Unreadable and OSError."""
    return fingerprint.open_small(contents(path), side, name=message("picture.named", name=path))


def contents(path: Path) -> bytes:
    """A file's bytes, or a PNG of the picture where libvips has no reader for it."""
    return readable(path.read_bytes(), message("picture.named", name=path))


def small_of(data: bytes, name: Field, side: int = fingerprint.VIEW) -> fingerprint.Bytes:
    """The same as `small`, from a file's bytes."""
    return fingerprint.open_small(readable(data, name), side, name=name)


def readable(data: bytes, name: Field) -> bytes:
    """The bytes themselves, or a PNG of the picture where libvips has no reader for it."""
    if is_bitmap(data):
        return of_bitmap(data, name)
    if not heic.ENTRY.opens(data):
        return data
    try:
        made: bytes = heic.decoded(name, data, "").write_to_buffer(".png", compression=1)
    except ImportError as error:
        raise EntryMissing("format", "heic", "pillow-heif") from error
    return made


def of_bitmap(data: bytes, name: Field) -> bytes:
    """A Windows bitmap as a PNG."""
    width, height = (
        abs(int.from_bytes(data[at : at + 4], "little", signed=True)) for at in (18, 22)
    )
    if width * height > _LARGEST:
        raise fingerprint.refused(name, message("fingerprint.claims", width=width, height=height))
    stream = BytesIO()
    try:
        Image.open(BytesIO(data), formats=("BMP",)).convert("RGB").save(stream, "PNG")
    except (UnidentifiedImageError, OSError, ValueError) as error:
        raise fingerprint.refused(name, message("fingerprint.damaged")) from error
    return stream.getvalue()
