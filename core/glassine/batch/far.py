"""Folders at an address (s3://, sftp://, webdav://, ...), through fsspec.

A batch works in folders on this machine. Pictures at an address are fetched before it, and the
fetched files deleted after it; each protected copy is sent as soon as it is complete. The ledger
stays here.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

import fsspec
from fsspec.spec import AbstractFileSystem
from platformdirs import user_data_path

from ..errors import GlassineError, NotUsable, NotWritable
from ..flow.names import page_names, receipt_path
from ..machine.passing import passing_folder
from .servers import files_below, patiently, server_of, use_own, why_far

_TRY = ".glassine-check"  # an empty file that is sent and deleted before the work


@dataclass(frozen=True)
class Far:
    """A folder at an address.

    files    fsspec's access to it
    root     the folder's name there, without a slash at its end; "/" is the server's whole tree
    address  as messages show it, without user and password
    server   which of the servers that such an address may mean; "" where that is not said
    """

    files: Any
    root: str
    address: str
    server: str = ""

    def named(self, relative: str) -> str:
        """The full name of a file in the folder; `/` separates the parts of `relative`."""
        return f"{self.root.rstrip('/')}/{relative}" if self.root else relative

    def names(self) -> list[str]:
        """Every file below the folder now, as relative names."""
        self.files.invalidate_cache()  # not all kinds take an option that turns it off
        above = self.named("")
        return sorted(name.removeprefix(above) for name in files_below(self.files, self.root))


def is_address(name: object) -> bool:
    """Whether that is an address, as s3://bucket/in or zip://::paintings.zip, and no path."""
    return isinstance(name, str) and "://" in name


def far_folder(address: str) -> Far:
    """The folder at that address; raises NotUsable where fsspec cannot open it."""
    use_own()
    shown = address.rpartition("@")[2]
    try:
        files, root = fsspec.core.url_to_fs(address, skip_instance_cache=True)
    except GlassineError:
        raise
    except (ImportError, ValueError) as error:
        raise NotUsable("far.no_way", address=shown, reason=why_far(error)) from error
    except Exception as error:  # each library behind fsspec raises its own kind
        raise NotUsable("far.not_reached", address=shown, reason=why_far(error)) from error
    root, server = root.rstrip("/") or root[:1], server_of(files)
    kind, _, path = str(files.unstrip_protocol(root)).partition("://")
    named = f"{kind}://{server if files.storage_options.get('host') else ''}{path}"
    return Far(files, root, named, server)


@contextmanager
def fetched(far: Far, without: Far | None = None) -> Iterator[Path]:
    """A temporary folder on this machine with every file that lies at the address.

    without  a folder there that is left out: where the copies go
    """
    with passing_folder("glassine-source-") as here:
        try:
            names = [name for name in far.names() if is_below(name)]
            if without and is_one_server(without, far):
                inside = f"{without.root}/"
                names = [name for name in names if not far.named(name).startswith(inside)]
            for name in names:
                (here / name).parent.mkdir(parents=True, exist_ok=True)
            places = [str(here / name) for name in names]
            there = [far.named(name) for name in names]
            patiently(far.files, lambda files: files.get(there, places))
        except Exception as error:
            reason = why_far(error)
            raise NotUsable("far.not_read", address=far.address, reason=reason) from error
        yield here


def is_one_server(one: Far, other: Far) -> bool:
    return type(one.files) is type(other.files) and one.server == other.server


def is_below(name: str) -> bool:
    """Whether a name that a server gave stays inside the folder that it is written to."""
    path = PurePosixPath(name)
    return bool(path.parts) and not path.is_absolute() and ".." not in path.parts


def place_here(far: Far) -> Path:
    """The local folder of a batch whose copies go there: its ledger, and copies not yet sent."""
    which = far.address if far.server in far.address else f"{far.server} {far.address}"
    name = hashlib.sha256(which.encode()).hexdigest()[:16]
    place = user_data_path("glassine") / "batches" / name
    place.mkdir(parents=True, exist_ok=True)
    return place


class Sender:
    """Sends copies from `here`, a folder on this machine, to a folder at an address.

    Raises NotWritable, before any work is done, where nothing can be written there.
    """

    def __init__(self, far: Far, here: Path) -> None:
        self._far, self.here, self._files = far, here, far.files
        self._own = hashlib.sha256(f"{platform.node()} {here}".encode()).hexdigest()[:8]
        try:
            self._there = set(far.names())
        except FileNotFoundError:
            self._there = set[str]()
        except Exception as error:
            reason = why_far(error)
            raise NotUsable("far.not_read", address=far.address, reason=reason) from error
        self._check()

    def _check(self) -> None:
        name = self._far.named(_TRY)
        try:
            self._files = patiently(self._files, lambda files: put_bytes(files, b"", name))
        except Exception as error:
            address, reason = self._far.address, why_far(error)
            raise NotWritable("far.not_writable", address=address, reason=reason) from error
        with suppress(Exception):  # who may write may perhaps not delete
            self._files.rm_file(name)

    def address(self, copy: Path) -> str:
        return f"{self._far.address}/{self._relative(copy)}"

    def has(self, copy: Path) -> bool:
        """Whether the folder at the address has a file under that copy's name."""
        return self._relative(copy) in self._there

    def send(self, copy: Path) -> None:
        """Sends page and receipt, then the copy, each atomically, and deletes them here.

        Raises NotWritable where one did not arrive; an older file of that name is then unchanged,
        and what did not arrive stays here.
        """
        beside = (*page_names(copy), receipt_path(copy))
        try:
            for file in (*(one for one in beside if one.is_file()), copy):
                self._send_one(file)
                self._there.add(self._relative(file))
                file.unlink()
        except Exception as error:
            reason = why_far(error)
            raise NotWritable("far.not_sent", address=self.address(copy), reason=reason) from error

    def _send_one(self, file: Path) -> None:
        name = self._far.named(self._relative(file))
        self._files = patiently(self._files, lambda files: put_whole(files, file, name, self._own))

    def _relative(self, file: Path) -> str:
        return file.relative_to(self.here).as_posix()


def put_whole(files: Any, here: Path, there: str, own: str) -> None:  # noqa: ANN401 - fsspec's
    """Sends one file so that nobody sees half of it under the name `there`.

    Where files can be renamed, it is sent under a temporary name first. An object store cannot
    rename, and shows an object only once all of it has arrived.

    own  a part of the temporary name, for this batch on this machine; the next try has the same
         name, so that half a file of a line that was cut does not stay
    """
    if not renames(files):
        files.pipe_file(there, here.read_bytes())
        return
    above, _, name = there.rpartition("/")
    files.makedirs(above, exist_ok=True)
    part = f"{above}/.{name[:40]}.{own}.part"
    try:
        files.put_file(str(here), part)
        files.mv(part, there)
    except BaseException:
        with suppress(Exception):
            files.rm_file(part)
        raise


def put_bytes(files: Any, data: bytes, there: str) -> None:  # noqa: ANN401
    """Writes a few bytes, in a folder that is made if missing."""
    if renames(files):
        files.makedirs(there.rpartition("/")[0], exist_ok=True)
    files.pipe_file(there, data)


def renames(files: Any) -> bool:  # noqa: ANN401
    """Whether it really renames: fsspec's fallback copies the file, which is seen growing."""
    return type(files).mv is not AbstractFileSystem.mv
