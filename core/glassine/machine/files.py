"""Writing files that are there as a whole or not at all."""

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
"""Bytes in which what Glassine writes says what it is."""


def check_writable(path: Path, *, never: Iterable[Path] = ()) -> None:
    """Raises what `write` would raise, as far as it can be known before the work is done.

    `never` are files that must survive, whatever the names and links: the originals.
    """
    for original in never:
        if same_file(path, original):
            raise NotWritable("file.original", path=path)
    try:
        if is_folder(path):
            raise NotWritable("file.folder", path=path)
        if path.exists() and not path.is_file():  # it would be replaced, /dev/null too
            raise NotWritable("file.device", path=path)
        with part_of(path.with_name("glassine")) as part:
            created(part).close()
    except OSError as error:
        raise NotWritable("file.not_written", path=path, reason=why(path, error)) from error


def write(path: Path, data: bytes, *, never: Iterable[Path] = (), permissions: int = 0o666) -> None:
    """Puts data under that name in one move; until then the name is untouched.

    permissions  of the new file, less what the system takes from every new file
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
    """A free name beside it, cleared away afterwards.

    It is known before anything lies there: an interruption may come between any two steps.
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
    """The first of these that no other file goes to, also where case does not count; noted."""
    found = next(name for name in names if str(name).casefold() not in taken)
    taken.add(str(found).casefold())
    return found


def contents(path: Path, most: int | None = None) -> bytes:
    """The bytes of a plain file; raises OSError, also for a pipe or a device: who knows its end?

    most  so many of them, of a file that the system makes up and that tells no size
    """
    known = path.stat()
    if not stat.S_ISREG(known.st_mode):  # before it is opened: a pipe would wait
        raise NoFile(message("file.device", path=path))
    if known.st_size:
        return path.read_bytes()
    with path.open("rb") as stream:
        return stream.read(-1 if most is None else most)


class NoFile(OSError):
    """What has that name holds no contents of its own."""


def is_foreign(path: Path, sign: bytes) -> bool:
    """Whether a file lies there that does not say in its first bytes that Glassine made it."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return sign not in stream.read(_HEAD)


def is_folder(folder: Path) -> bool:
    """Whether a folder has that name; raises OSError for a name that the disk cannot hold."""
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
    """What is wrong and what to do."""
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
