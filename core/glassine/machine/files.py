"""Writing files as a whole or not at all, and reading plain ones."""

from __future__ import annotations

import contextlib
import errno
import os
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from ..causes import cause_of
from ..errors import NotWritable
from ..messages import Message, message
from . import ending

_HEAD = 400
"""Bytes at the start of a file among which every file of Glassine's says what it is."""


def check_writable(path: Path, *, never: Iterable[Path] = ()) -> None:
    """Raises what `write` would raise, as far as it can be known before the work is done.

    never  files that must not be overwritten, under any name or link: the originals
    """
    for original in never:
        if same_file(path, original):
            raise NotWritable("file.original", path=path)
    try:
        if is_folder(path):
            raise NotWritable("file.folder", path=path)
        if path.exists() and not path.is_file():  # a device would be replaced, even /dev/null
            raise NotWritable("file.device", path=path)
        with part_of(path.with_name("glassine")) as part:
            created(part).close()
    except OSError as error:
        raise NotWritable("file.not_written", path=path, reason=why(path, error)) from error


def write(path: Path, data: bytes, *, never: Iterable[Path] = (), permissions: int = 0o666) -> None:
    """Writes the data beside the path and then moves it there; raises NotWritable.

    permissions  of the new file, before the umask
    """
    check_writable(path, never=never)
    try:
        with part_of(path) as part:
            with created(part, permissions) as stream:
                stream.write(data)
                stream.flush()
                os.fsync(stream.fileno())
            os.replace(part, path)
    except OSError as error:
        raise NotWritable("file.not_written", path=path, reason=why(path, error)) from error


@contextlib.contextmanager
def part_of(path: Path) -> Iterator[Path]:
    """A free name beside the path; whatever has that name at the end is removed.

    Its removal is arranged before the file exists: a signal may come between any two steps.
    """
    part = path.with_name(f".{path.name[:40]}.{secrets.token_hex(4)}.part")
    with ending.at_end(lambda: part.unlink(missing_ok=True)):
        try:
            yield part
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)


def created(path: Path, permissions: int = 0o666) -> BinaryIO:
    """A new file, open for writing."""
    return open(path, "xb", opener=lambda name, flags: os.open(name, flags, permissions))


def first_free(names: Iterable[Path], taken: set[str]) -> Path:
    """The first of these names that is not in `taken`, whatever its case; it is added there."""
    found = next(name for name in names if str(name).casefold() not in taken)
    taken.add(str(found).casefold())
    return found


def contents(path: Path, most: int | None = None) -> bytes:
    """The bytes of a plain file; raises OSError, NoFile for a pipe or a device.

    most  bytes to read at most of a file without a size (the system makes up files such as /proc's)
    """
    known = path.stat()
    if not stat.S_ISREG(known.st_mode):  # checked before it is opened: a pipe would block
        raise NoFile(message("file.device", path=path))
    if known.st_size:
        return path.read_bytes()
    with path.open("rb") as stream:
        return stream.read(-1 if most is None else most)


class NoFile(OSError):
    """The path is no plain file: a pipe, a device or a folder."""


def is_foreign(path: Path, sign: bytes) -> bool:
    """Whether there is a file at that path without `sign`, Glassine's, in its first bytes."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return sign not in stream.read(_HEAD)


def is_folder(folder: Path) -> bool:
    """Whether the path is a folder; raises OSError for a name that the disk cannot hold."""
    try:
        return stat.S_ISDIR(folder.stat().st_mode)
    except (FileNotFoundError, NotADirectoryError):
        return False


def same_file(one: Path, other: Path) -> bool:
    try:
        return one.samefile(other)
    except OSError:  # one of them is not there
        return one.absolute() == other.absolute()


def why(path: Path, error: OSError) -> Message:
    """Why the file could not be written and what to do, for people."""
    folder = path.parent
    if error.errno == errno.ENAMETOOLONG:
        return message("file.name_too_long")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return message("file.disk_full")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return message("file.folder_closed", folder=folder)
    if not folder.exists():
        return message("file.no_folder", folder=folder)
    if not folder.is_dir():
        return message("file.not_a_folder", folder=folder)
    if path.is_dir():
        return message("file.name_of_folder")
    return message("file.refused", reason=cause_of(error))
