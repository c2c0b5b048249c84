"""A message, and how the gaps of its row are filled: as in the engine, which a test compares.

Standard library only, no Qt: the engine's own is core/glassine/messages. A row is a text with gaps
in the form of `str.format`. Numbers are written as the language writes them; a message among the
fields is put into words of the same language, a tuple into a list. Where a message has a field
`count`, the row CODE.one is used for a count of 1, if there is one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter
from typing import Any

POINT, LIST = "number.point_and_comma", "list.separator"
Table = Mapping[str, str]


@dataclass(frozen=True)
class Message:
    """What is to be said, in no language.

    code    a row of a table of words: the engine's has a dot in it, the plugin's own has none
    fields  what fills its gaps; numbers stay numbers, a list is a tuple, a message may be in it.
            The field `details` fills no gap: it is for a bug report
    """

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def __hash__(self) -> int:
        return hash(self.code)

    def details(self) -> tuple[str, ...]:
        """For a bug report: what libraries said, here and in the messages among its fields."""
        found = [str(self.fields["details"])] if self.fields.get("details") else []
        for value in self.fields.values():
            for one in value if isinstance(value, tuple) else (value,):
                found += one.details() if isinstance(one, Message) else ()
        return tuple(found)


def message(code: str, /, **fields: Any) -> Message:
    return Message(code, fields)


def message_from(plain: object) -> Message | None:
    """A message as the engine sends it; None for anything else."""
    if not isinstance(plain, Mapping) or not isinstance(plain.get("code"), str):
        return None
    fields = plain.get("fields")
    told = fields if isinstance(fields, Mapping) else {}
    return Message(plain["code"], {str(name): _back(one) for name, one in told.items()})


def _back(value: object) -> object:
    if isinstance(value, list):
        return tuple(_back(part) for part in value)
    return message_from(value) or "" if isinstance(value, Mapping) or value is None else value


def filled(said: Message, tables: tuple[Table, ...]) -> str:
    """In the words of the first table that has a row for it; its code where none has."""
    parts = []
    for before, name, spec, _ in Formatter().parse(row(said, tables)):
        parts.append(before)
        if name is not None:
            parts.append(one(said.fields.get(name, ""), spec or "", tables))
    return "".join(parts)


def row(said: Message, tables: tuple[Table, ...]) -> str:
    codes = (f"{said.code}.one", said.code) if said.fields.get("count") == 1 else (said.code,)
    found = (rows[code] for rows in tables for code in codes if code in rows)
    return next(found, said.code.replace("{", "{{").replace("}", "}}"))


def one(value: object, spec: str, tables: tuple[Table, ...]) -> str:
    """One gap's value in words."""
    if isinstance(value, Message):
        return filled(value, tables)
    if isinstance(value, tuple):
        return row(Message(LIST), tables).join(one(part, spec, tables) for part in value)
    if isinstance(value, str):
        return value
    point_and_comma = row(Message(POINT), tables)
    return format(value, spec).translate(str.maketrans(".,", point_and_comma))
