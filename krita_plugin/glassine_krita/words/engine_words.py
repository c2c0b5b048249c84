"""The engine's own tables of words, as its hello brought them: a new code needs no new plugin."""

from __future__ import annotations

from collections.abc import Mapping

from .gaps import Table

_tables: dict[str, dict[str, str]] = {}


def learn_words(sent: object) -> None:
    """Takes the engine's tables, language -> code -> text; whatever is no text is left out. They
    are kept when the engine ends, because its messages are still shown."""
    if not isinstance(sent, Mapping) or not sent:
        return
    _tables.clear()
    for language, rows in sent.items():
        if isinstance(rows, Mapping):
            _tables[language] = {k: text for k, text in rows.items() if isinstance(text, str)}


def engine_table(language: str) -> Table:
    return _tables.get(language, {})
