"""What is behind an address: which server, and a new connection to it when the line is cut."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from fsspec.registry import register_implementation
from fsspec.spec import AbstractFileSystem

from ..causes import cause_of
from ..errors import GlassineError, reason_of
from ..messages import Message, message

PAUSES = (1.0, 15.0)  # seconds before the second and the third try
_CERTAIN = (FileNotFoundError, PermissionError, GlassineError)  # another try would end the same
_CUT = "Socket is closed"  # all that paramiko says where a line was cut earlier


def use_own() -> None:
    """Makes fsspec take this house's SFTP; paramiko is imported only where an address needs it."""
    for name in ("sftp", "ssh"):
        told = 'Please install "paramiko"'
        register_implementation(name, "glassine.batch.sftp.Sftp", clobber=True, errtxt=told)


def server_of(files: Any) -> str:  # noqa: ANN401 - fsspec's
    """Which server of its kind that is, as host:port or an address; "" where there is only one."""
    how = files.storage_options
    if host := how.get("host"):
        return f"{host}:{how['port']}" if how.get("port") else str(host)
    more = how.get("client_kwargs") or {}
    return str(how.get("endpoint_url") or more.get("endpoint_url") or how.get("base_url") or "")


def files_below(files: Any, folder: str) -> list[str]:  # noqa: ANN401
    """Full names of every file below a folder; raises where a folder cannot be listed.

    fsspec's own walk passes over such a folder and says nothing.
    """
    if type(files).find is not AbstractFileSystem.find:
        return list(files.find(folder))
    found, folders = list[str](), [folder]
    while folders:
        here = folders.pop()
        for one in files.ls(here, detail=True):
            if one["name"].rstrip("/") != here.rstrip("/"):
                (folders if one["type"] == "directory" else found).append(one["name"])
    return found


def patiently(files: Any, work: Callable[[Any], None]) -> Any:  # noqa: ANN401
    """Runs `work(files)`, after an error up to twice more over a new connection.

    Returns the access that did it; raises the last error.
    """
    for pause in PAUSES:
        try:
            work(files)
            return files
        except _CERTAIN:
            raise
        except Exception:  # each library behind fsspec raises its own kind
            time.sleep(pause)
            files = anew(files)
    work(files)
    return files


def anew(files: Any) -> AbstractFileSystem:  # noqa: ANN401
    """The same access over a new connection; the old one where no new one can be made now."""
    try:
        return type(files)(*files.storage_args, **files.storage_options, skip_instance_cache=True)
    except Exception:
        return files


def why_far(error: Exception) -> Message:
    """Why a server could not be used, in a few words; the end of a stream is a line cut."""
    if isinstance(error, EOFError) or str(error) == _CUT:
        return message("cause.network", details=cause_of(error).fields["details"])
    return reason_of(error)
