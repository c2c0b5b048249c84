"""What a bug report leaves out: where the artist's files lie, and what they are called."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

GONE = "…"
SHORT = 5  # letters; shorter names also occur inside other words
_ROOT = r"(?:~|[A-Za-z]:)?[\\/]"
_QUOTED = re.compile(rf"""(["'“„「])({_ROOT}[^"'“”„「」\n]*)""")
_BARE = re.compile(rf"""(?<![\w"'“„「:./\\~]){_ROOT}[^\s"'“”„「」:]+""")
_PROGRAM = re.compile(r"\.(py|so|dll|pyd|exe)$|[\\/]s?bin[\\/]")  # where an error lies in the code


def redacted(text: str, files: Iterable[str]) -> str:
    """The text without these files' names, and without paths but programs', with "~" for home."""
    names: set[str] = set()
    for path in filter(None, files):
        names |= {path, os.path.abspath(path)}
        names |= {one for one in (os.path.basename(path),) if len(one) >= SHORT}
    for name in sorted(names, key=len, reverse=True):
        text = text.replace(name, GONE)
    home = os.path.expanduser("~")
    if len(home) > 1:
        text = text.replace(home, "~")
    text = _QUOTED.sub(lambda found: found[1] + kept_if_program(found[2]), text)
    return _BARE.sub(lambda found: kept_if_program(found[0]), text)


def kept_if_program(path: str) -> str:
    return path if _PROGRAM.search(path) else GONE
