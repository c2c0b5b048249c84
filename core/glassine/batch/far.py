"""Folders at an address (s3://, sftp://, webdav://, ...), through fsspec.

A batch works in folders on this machine. Pictures at an address are fetched before it, and the
fetched files deleted after it; each protected copy is sent as soon as it is complete. The ledger
stays here.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from fsspec.spec import AbstractFileSystem
from platformdirs import user_data_path

from ..errors import NotUsable, NotWritable, reason_of
from ..flow.names import page_names, receipt_path
from ..machine.passing import passing_folder


@dataclass(frozen=True)
class Far:
    """A folder at an address.

    files    fsspec's access to it
    root     the folder's name there, without a slash at its end
    address  as messages show it, without a password
    """

    files: Any
    root: str
    address: str

    def named(self, relative: str) -> str:
        """The full name of a file in the folder; `/` separates the parts of `relative`."""
        return f"{self.root}/{relative}" if self.root else relative

    def names(self) -> list[str]:
        """Every file below the folder, as relative names."""
        skipped = len(self.root) + 1 if self.root else 0
        return sorted(name[skipped:] for name in self.files.find(self.root))


def is_address(name: object) -> bool:
    """Whether that is an address, as s3://bucket/in or zip://::paintings.zip, and no path."""
    return isinstance(name, str) and "://" in name


def far_folder(address: str) -> Far:
    """The folder at that address; raises NotUsable where fsspec cannot open it."""
    try:
        files, root = fsspec.core.url_to_fs(address, use_listings_cache=False)
    except Exception as error:  # each library behind fsspec raises its own kind
        shown = address.rpartition("@")[2]
        raise NotUsable("far.no_way", address=shown, reason=reason_of(error)) from error
    root = str(root).rstrip("/")
    return Far(files, root, str(files.unstrip_protocol(root)))


@contextmanager
def fetched(far: Far, without: Far | None = None) -> Iterator[Path]:
    """A temporary folder on this machine with every file that lies at the address.

    without  a folder there that is left out: where the copies go
    """
    with passing_folder("glassine-source-") as here:
        try:
            names = [name for name in far.names() if is_below(name)]
            if without and type(without.files) is type(far.files):
                inside = f"{without.root}/"
                names = [name for name in names if not far.named(name).startswith(inside)]
            for name in names:
                (here / name).parent.mkdir(parents=True, exist_ok=True)
            places = [str(here / name) for name in names]
            far.files.get([far.named(name) for name in names], places)
        except Exception as error:
            reason = reason_of(error)
            raise NotUsable("far.not_read", address=far.address, reason=reason) from error
        yield here


def is_below(name: str) -> bool:
    """Whether a name that a server gave stays inside the folder that it is written to."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def place_here(far: Far) -> Path:
    """The local folder of a batch whose copies go there: its ledger, and copies not yet sent."""
    name = hashlib.sha256(far.address.encode()).hexdigest()[:16]
    place = user_data_path("glassine") / "batches" / name
    place.mkdir(parents=True, exist_ok=True)
    return place


class Sender:
    """Sends copies from `here`, a folder on this machine, to a folder at an address."""

    def __init__(self, far: Far, here: Path) -> None:
        self._far, self.here = far, here
        try:
            self._there = set(far.names())
        except FileNotFoundError:
            self._there = set[str]()
        except Exception as error:
            reason = reason_of(error)
            raise NotUsable("far.not_read", address=far.address, reason=reason) from error

    def address(self, copy: Path) -> str:
        return f"{self._far.address}/{self._relative(copy)}"

    def has(self, copy: Path) -> bool:
        """Whether the folder at the address has a file under that copy's name."""
        return self._relative(copy) in self._there

    def send(self, copy: Path) -> None:
        """Sends page and receipt, then the copy, each atomically, and deletes them here.

        Raises NotWritable where one did not arrive; an older file of that name is then unchanged.
        """
        beside = (*page_names(copy), receipt_path(copy))
        try:
            for file in (*(one for one in beside if one.is_file()), copy):
                put_whole(self._far.files, file, self._far.named(self._relative(file)))
                self._there.add(self._relative(file))
                file.unlink()
        except Exception as error:
            reason = reason_of(error)
            raise NotWritable("far.not_sent", address=self.address(copy), reason=reason) from error

    def _relative(self, file: Path) -> str:
        return file.relative_to(self.here).as_posix()


def put_whole(files: Any, here: Path, there: str) -> None:  # noqa: ANN401 - fsspec's
    """Sends one file so that nobody sees half of it under the name `there`.

    Where files can be renamed, it is sent under a temporary name first. An object store cannot
    rename, and shows an object only once all of it has arrived.
    """
    if not renames(files):
        files.pipe_file(there, here.read_bytes())
        return
    above, _, name = there.rpartition("/")
    files.makedirs(above, exist_ok=True)
    part = f"{above}/.{name[:40]}.{secrets.token_hex(4)}.part"
    try:
        files.put_file(str(here), part)
        files.mv(part, there)
    except BaseException:
        with suppress(Exception):
            files.rm_file(part)
        raise


def renames(files: Any) -> bool:  # noqa: ANN401
    """Whether it really renames: fsspec's fallback copies the file, which is seen growing."""
    return type(files).mv is not AbstractFileSystem.mv
