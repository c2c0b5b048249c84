"""Words for what the plugin says itself (texts.json) and for what the engine says (its tables).

To add a language: a column in texts.json. What has no words in a language appears in English, and
a code without any words as it is.
"""

from __future__ import annotations

import json
import os
from functools import cache
from pathlib import Path
from typing import Any

from ..qt import QtCore
from .engine_words import engine_table
from .gaps import Message, Table, filled

FALLBACK = "en"


@cache
def table() -> dict[str, dict[str, str]]:
    """Code -> language -> text with gaps."""
    text = (Path(__file__).parent / "texts.json").read_text(encoding="utf-8")
    rows: dict[str, dict[str, str]] = json.loads(text)
    return rows


@cache
def own_table(spoken: str) -> dict[str, str]:
    return {code: row[spoken] for code, row in table().items() if spoken in row}


@cache
def languages() -> frozenset[str]:
    return frozenset(name for row in table().values() for name in row)


@cache
def language() -> str:
    """Krita's own language, as Qt knows it; $GLASSINE_LANGUAGE overrides it."""
    wanted = os.environ.get("GLASSINE_LANGUAGE") or QtCore.QLocale().name()
    short = wanted.split("_")[0]
    return short if short in languages() else FALLBACK


def tables(spoken: str) -> tuple[Table, ...]:
    """The plugin's and the engine's in that language, then both in English. They share no code."""
    named = (spoken, FALLBACK)
    return tuple(found(one) for one in named for found in (own_table, engine_table))


def in_words(said: Message, spoken: str = "") -> str:
    """In the artist's language, or the one named. Where a later engine's fields do not fit the row,
    its code: half a sentence would say something else."""
    try:
        return filled(said, tables(spoken or language()))
    except (ValueError, TypeError):
        return said.code


def has_words(code: str) -> bool:
    return any(code in rows for rows in tables(language()))


def t(code: str, /, **fields: Any) -> str:
    """A text of the plugin's own, in the artist's language."""
    return in_words(Message(code, fields))
