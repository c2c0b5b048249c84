"""The passphrase of a key: from the system's keyring, or asked for on a terminal."""

from __future__ import annotations

import getpass
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import TypeVar

from ..causes import details_of
from ..errors import NotUsable
from ..messages import Message, in_words, message, terminal_language

T = TypeVar("T")
_SERVICE = "glassine"


def unlocked(path: Path, load: Callable[[bytes | None], T]) -> T:
    """What `load` gives: without a passphrase, else with the keyring's, else with one that the user
    types. Raises NotUsable where none fits."""
    for word in _words(path):
        with suppress(TypeError, ValueError):
            return load(word)
    raise refused(path, message("passphrase.wrong", path=path))


def _words(path: Path) -> Iterator[bytes | None]:
    yield None
    with suppress(Exception):  # a keyring that is locked, absent or broken is no keyring
        import keyring

        stored = keyring.get_password(_SERVICE, str(path.resolve()))
        if stored:
            yield stored.encode()
    if sys.stdin is not None and sys.stdin.isatty():
        yield _asked(path)
        _asked.cache_clear()  # reached only if it was wrong: ask again next time


@lru_cache
def _asked(path: Path) -> bytes:
    """The passphrase that the user types, once for a run and not for every picture."""
    asked = in_words(message("passphrase.ask", path=path), terminal_language())
    return getpass.getpass(f"{asked}: ").encode()


def remember(path: Path, passphrase: str) -> None:
    """Puts the passphrase into the system's keyring."""
    try:
        import keyring

        keyring.set_password(_SERVICE, str(path.resolve()), passphrase)
    except Exception as error:
        raise NotUsable("passphrase.not_stored", path=path, details=details_of(error)) from error


def refused(name: Path | str, reason: Message) -> NotUsable:
    """The error for a certificate, named by its file or its holder."""
    return NotUsable("certificate.refused", name=name, reason=reason)
