"""SFTP that knows its servers, notices a line that is dead, and renames on every server.

fsspec's own would take any server for the right one and wait for an answer without end.
"""

from __future__ import annotations

import secrets
from contextlib import suppress
from pathlib import Path

import paramiko
from fsspec.implementations.sftp import SFTPFileSystem

from ..errors import NotUsable

PATIENCE = 60.0  # seconds without any answer after which the line counts as dead
_KNOCK = 20  # seconds between signs of life while nothing is sent: routers forget silent lines
_EVERYBODY = Path("/etc/ssh/ssh_known_hosts")


class Sftp(SFTPFileSystem):  # type: ignore[misc]
    """fsspec's, where a server's key has to be in known_hosts, as it has to be for `ssh`."""

    @classmethod
    def _strip_protocol(cls, path: str) -> str:
        """The path of an address; sftp://HOST alone is the whole tree."""
        return str(super()._strip_protocol(path)) or "/"

    def _connect(self) -> None:
        """Called once by fsspec; raises NotUsable where the server is not the one known here."""
        self.client = paramiko.SSHClient()
        self.client.load_system_host_keys()
        with suppress(OSError):
            self.client.load_system_host_keys(str(_EVERYBODY))
        self.client.set_missing_host_key_policy(Refusal())
        try:
            self.client.connect(self.host, **{"timeout": PATIENCE, **self.ssh_kwargs})
        except paramiko.BadHostKeyException as error:
            raise NotUsable("far.another_server", host=self.host) from error
        self.client.get_transport().set_keepalive(_KNOCK)
        self.ftp = self.client.open_sftp()
        self.ftp.get_channel().settimeout(PATIENCE)

    def mv(self, old: str, new: str, **more: object) -> None:
        """Renames; where the server can do so only if no file has that name, that file is put
        aside first, and put back if the renaming fails."""
        try:
            super().mv(old, new)
        except OSError:
            if not self.exists(new):
                self.ftp.rename(old, new)
                return
            aside = f"{new}.{secrets.token_hex(4)}.part"
            self.ftp.rename(new, aside)
            try:
                self.ftp.rename(old, new)
            except BaseException:
                with suppress(Exception):
                    self.ftp.rename(aside, new)
                raise
            self.ftp.remove(aside)


class Refusal(paramiko.MissingHostKeyPolicy):  # type: ignore[misc]
    """For a server whose key is not in known_hosts."""

    def missing_host_key(self, client: object, hostname: str, key: object) -> None:
        raise NotUsable("far.unknown_server", host=hostname)
