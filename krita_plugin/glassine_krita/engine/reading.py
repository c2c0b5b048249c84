"""Plain data from the engine -> frozen values. A field that is missing or of another kind than
expected keeps its default, and unknown ones are left out: the engine may be newer, or older."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import fields
from typing import Any, TypeVar

from ..words.gaps import Message, message_from

Json = dict[str, Any]
Value = TypeVar("Value")


def read(kind: type[Value], sent: object) -> Value:
    """A value of that kind, whose fields all have defaults."""
    told = sent if isinstance(sent, Mapping) else {}
    found = {}
    for one in fields(kind):  # type: ignore[arg-type]
        value = READERS[str(one.type)](told.get(one.name))
        if value is not None:
            found[one.name] = value
    return kind(**found)


def read_rows(kind: type[Value], sent: object) -> tuple[Value, ...]:
    rows = sent if isinstance(sent, list) else []
    return tuple(read(kind, row) for row in rows if isinstance(row, Mapping))


def _number(value: object) -> float | None:
    fits = isinstance(value, (int, float)) and not isinstance(value, bool)
    return float(value) if fits else None  # type: ignore[arg-type]


def numbers(value: object, count: int) -> bool:
    """Whether it is a list of so many numbers."""
    rows = value if isinstance(value, list) else []
    return len(rows) == count and all(_number(one) is not None for one in rows)


def _exactly(kind: type) -> Callable[[object], Any]:
    return lambda value: value if type(value) is kind else None


def _texts(value: object) -> tuple[str, ...] | None:
    return tuple(str(one) for one in value) if isinstance(value, list) else None


def _numbers(value: object) -> dict[str, float] | None:
    if not isinstance(value, Mapping):
        return None
    found = {str(name): _number(one) for name, one in value.items()}
    return {name: one for name, one in found.items() if one is not None}


def _words(value: object) -> dict[str, str] | None:
    if not isinstance(value, Mapping):
        return None
    return {str(name): one for name, one in value.items() if isinstance(one, str)}


def _messages(value: object) -> tuple[Message, ...] | None:
    if not isinstance(value, list):
        return None
    return tuple(one for one in map(message_from, value) if one is not None)


READERS: dict[str, Callable[[object], Any]] = {
    "str": _exactly(str),
    "str | None": _exactly(str),
    "int": _exactly(int),
    "bool": _exactly(bool),
    "float": _number,
    "float | None": _number,
    "tuple[str, ...]": _texts,
    "dict[str, float]": _numbers,
    "dict[str, str]": _words,
    "Json": _exactly(dict),
    "Message | None": message_from,
    "tuple[Message, ...]": _messages,
}
"""A field's annotation -> what reads it; `answers.py` adds its own kinds."""
