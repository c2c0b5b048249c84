"""Finds which known sentence an English one is, and what stands in its gaps. No Qt, no Krita.

The engine speaks English. A row of texts.json whose key starts with "says." has the engine's very
sentence as its English text, with {names} where the engine fills in; a test walks through the
engine's source and finds a row for each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

PREFIX = "says."
_GAP = re.compile(r"\{(\w+)\}")
Table = Mapping[str, Mapping[str, str]]
Pattern = tuple[re.Pattern[str], str]


def patterns(table: Table, language: str = "en") -> list[Pattern]:
    """The longest sentences first, so that a gap never swallows what another one says."""
    rows = [(row[language], key) for key, row in table.items() if key.startswith(PREFIX)]
    return [(pattern(text), key) for text, key in sorted(rows, key=lambda row: -len(row[0]))]


def pattern(text: str) -> re.Pattern[str]:
    parts = _GAP.split(text)
    found = [f"(?P<{p}>.+?)" if at % 2 else re.escape(p) for at, p in enumerate(parts)]
    return re.compile("".join(found), re.DOTALL)


def matched(sentence: str, known: list[Pattern]) -> tuple[str, dict[str, str]]:
    """(key, what stands in the gaps); ("", {}) for a sentence that nobody has translated."""
    for shape, key in known:
        if found := shape.fullmatch(sentence):
            return key, found.groupdict()
    return "", {}
