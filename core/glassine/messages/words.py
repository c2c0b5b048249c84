"""The tables of words, and how the gaps of a row are filled.

A row is a text with gaps in the form of `str.format`: "{width} x {height}", "{share:.0%}". Numbers
are written as the language writes them. A message among the fields is put into words of the same
language, a tuple into a list. Where a message has a field `count`, the row CODE.one is used for a
count of 1, if there is one. The docker fills gaps in the same way (the plugin's words/gaps.py).

The English words of a registry's entry stand in the entry's own file and are learnt from there.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from string import Formatter

from .message import Field, Message

LANGUAGES = ("en", "de", "ja")
FALLBACK = "en"
_POINT, _LIST = "number.point_and_comma", "list.separator"
Table = Mapping[str, str]

LEARNT: dict[str, str] = {}
"""Code -> English text of rows that are in no table: those that entries bring along."""


def learn(rows: Table) -> None:
    """Adds the rows that an entry brings along."""
    LEARNT.update(rows)


@cache
def table(language: str) -> dict[str, str]:
    """Code -> text with gaps, as the file of that language has it."""
    text = Path(__file__).with_name(f"{language}.json").read_text(encoding="utf-8")
    rows: dict[str, str] = json.loads(text)
    return rows


def in_words(said: Message, language: str = FALLBACK) -> str:
    """In that language where its table has a row, else in English; an unknown code as it is."""
    return filled(said, (table(language), table(FALLBACK), LEARNT))


def filled(said: Message, tables: tuple[Table, ...]) -> str:
    """In the words of the first table that has a row for it."""
    text = row(said, tables)
    parts = []
    for before, name, spec, _ in Formatter().parse(text):
        parts.append(before)
        if name is not None:
            parts.append(one(said.fields.get(name, ""), spec or "", tables))
    return "".join(parts)


def row(said: Message, tables: tuple[Table, ...]) -> str:
    """The text with gaps; an unknown code is its own text, without gaps."""
    codes = (f"{said.code}.one", said.code) if said.fields.get("count") == 1 else (said.code,)
    found = (rows[code] for rows in tables for code in codes if code in rows)
    return next(found, said.code.replace("{", "{{").replace("}", "}}"))


def one(value: Field, spec: str, tables: tuple[Table, ...]) -> str:
    """One gap's value in words."""
    if isinstance(value, Message):
        return filled(value, tables)
    if isinstance(value, tuple):
        return row(Message(_LIST), tables).join(one(part, spec, tables) for part in value)
    if isinstance(value, str):
        return value
    point_and_comma = row(Message(_POINT), tables)
    return format(value, spec).translate(str.maketrans(".,", point_and_comma))
