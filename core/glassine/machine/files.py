"""Writing files that are there as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import os
import stat
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..errors import NotWritable
from ..messages import Message, message

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
        number, name = tempfile.mkstemp(prefix=".glassine.", suffix=".part", dir=path.parent)
        os.close(number)
        os.unlink(name)
    except OSError as error:
        raise NotWritable("file.not_written", path=path, reason=why(path, error)) from error


def write(path: Path, data: bytes, *, never: Iterable[Path] = ()) -> None:
    """Puts data under that name in one move; until then the name is untouched."""
    check_writable(path, never=never)
    temporary = None
    try:
        number, name = tempfile.mkstemp(
            prefix=f".{path.name[:40]}.", suffix=".part", dir=path.parent
        )
        temporary = Path(name)
        with os.fdopen(number, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        usual_permissions(temporary)
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise NotWritable("file.not_written", path=path, reason=why(path, error)) from error
    finally:
        if temporary is not None:
            with contextlib.suppress(OSError):
                temporary.unlink()


def first_free(names: Iterable[Path], taken: set[str]) -> Path:
    """The first of these that no other file goes to, also where case does not count; noted."""
    found = next(name for name in names if str(name).casefold() not in taken)
    taken.add(str(found).casefold())
    return found


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


def usual_permissions(path: Path) -> None:
    """Temporary files are private; a finished one is as readable as any other new file."""
    if os.name != "posix":
        return
    mask = os.umask(0)
    os.umask(mask)
    path.chmod(0o666 & ~mask)


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
    return message("file.refused", reason=error.strerror or str(error))
