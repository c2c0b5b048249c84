"""Keys with which other programs come: only their hashes are kept, and each of them ends.

A key is `gls_NUMBER_SECRET`. Its secret is 256 random bits, which nobody guesses, so one SHA-256
is as good as a slow hash and cannot be used to keep the processor busy.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from platformdirs import user_data_path

from ..errors import NotUsable, reason_of
from ..machine import files

_SIGN = "gls"


@dataclass(frozen=True)
class Key:
    """What is kept of a key.

    number   by which it is named and revoked; no secret
    digest   SHA-256 of the whole key
    ends     when it stops working, ISO 8601
    """

    number: str
    name: str
    digest: str
    ends: str
    revoked: bool = False

    @property
    def valid(self) -> bool:
        return not self.revoked and datetime.now(UTC) < datetime.fromisoformat(self.ends)


def keys_path() -> Path:
    """$GLASSINE_SITE_KEYS, else in the user's data folder."""
    named = os.environ.get("GLASSINE_SITE_KEYS")
    return Path(named) if named else user_data_path("glassine") / "site-keys.json"


def issued_key(path: Path, name: str, days: float) -> str:
    """A new key in plain text, which is shown this once; only its hash is stored."""
    number, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    plain = f"{_SIGN}_{number}_{secret}"
    ends = datetime.now(UTC) + timedelta(days=days)
    added = Key(number, name, digest_of(plain), ends.isoformat(timespec="seconds"))
    write_keys(path, (*known_keys(path), added))
    return plain


def revoke_key(path: Path, number: str) -> Key:
    """The key of that number, which is revoked from now on."""
    known = known_keys(path)
    found = next((one for one in known if one.number == number), None)
    if found is None:
        raise NotUsable("serve.no_key", number=number)
    ended = replace(found, revoked=True)
    write_keys(path, tuple(ended if one is found else one for one in known))
    return ended


def known_keys(path: Path) -> tuple[Key, ...]:
    """All keys that were ever given out, the oldest first; none where there is no file."""
    try:
        return tuple(Key(**row) for row in json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError, TypeError) as error:
        raise NotUsable("serve.keys_unread", path=path, reason=reason_of(error)) from error


def write_keys(path: Path, known: tuple[Key, ...]) -> None:
    """All of them, readable by their owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = json.dumps([asdict(one) for one in known], indent=1)
    files.write(path, rows.encode(), permissions=0o600)


def digest_of(plain: str) -> str:
    return hashlib.sha256(plain.encode()).hexdigest()


class KeyRing:
    """The keys as the running service sees them: read again whenever their file was written."""

    def __init__(self, path: Path) -> None:
        self._path, self._read = path, (-1, -1)
        self._known: tuple[Key, ...] = ()

    def holder(self, plain: str) -> Key | None:
        """The entry of that key; None where there is none, or it has ended or was revoked."""
        digest = digest_of(plain)
        found = [one for one in self._fresh() if hmac.compare_digest(one.digest, digest)]
        return next((one for one in found if one.valid), None)

    def _fresh(self) -> tuple[Key, ...]:
        try:
            told = self._path.stat()
            stamp = (told.st_mtime_ns, told.st_ino)
        except OSError:
            stamp = (0, 0)
        if stamp != self._read:
            self._known, self._read = known_keys(self._path), stamp
        return self._known
