"""Every sentence of the plugin, from texts.json: one row per sentence, one column per language.

To add a language: a column there. A sentence that is missing in a language appears in English. The
engine's own sentences are found by their English text; what nobody has translated appears as it is.
"""

from __future__ import annotations

import json
import os
import re
from functools import cache
from pathlib import Path
from typing import Any

from ..qt import QtCore
from .sentences import Pattern, matched, patterns

FALLBACK = "en"
_NUMBER = re.compile(r"\d{1,3}(,\d{3})+|\d+\.\d+")


@cache
def table() -> dict[str, dict[str, str]]:
    text = (Path(__file__).parent / "texts.json").read_text(encoding="utf-8")
    rows: dict[str, dict[str, str]] = json.loads(text)
    return rows


@cache
def languages() -> frozenset[str]:
    return frozenset(name for row in table().values() for name in row)


@cache
def language() -> str:
    """Krita's own language, as Qt knows it; $GLASSINE_LANGUAGE overrides it."""
    wanted = os.environ.get("GLASSINE_LANGUAGE") or QtCore.QLocale().name()
    short = wanted.split("_")[0]
    return short if short in languages() else FALLBACK


@cache
def known_patterns() -> list[Pattern]:
    return patterns(table())


def translated(sentence: str) -> str:
    """A sentence of the engine, in the artist's language as far as somebody has translated it."""
    if _NUMBER.fullmatch(sentence):
        return local_number(sentence)
    key, gaps = matched(sentence, known_patterns()) if language() != FALLBACK else ("", {})
    return t(key, **{name: translated(word) for name, word in gaps.items()}) if key else sentence


def local_number(number: str) -> str:
    """A number in English, as the language has it: 1.5 and 4,300 are 1,5 and 4.300 in German."""
    return number.translate(str.maketrans(".,", t("point_and_comma")))


def t(key: str, default: str | None = None, **fields: Any) -> str:
    row = table().get(key)
    if row is None:
        return translated(key if default is None else default)
    return row.get(language(), row[FALLBACK]).format(**fields)
