"""Frozen dataclasses to plain JSON values and back: whatever is sent or stored has a type.

A field that the reader does not know is ignored, and one that is null or absent gets its default:
so an older reader and a newer writer understand each other.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, cast, get_args, get_origin, get_type_hints

from .errors import NotUsable
from .messages import Message, from_plain, to_plain, with_english

T = TypeVar("T")

Said = str | Message
"""What is said to people: a message, or plain text in records that are older than messages."""


def plain(value: object, *, says: bool = False) -> Any:  # noqa: ANN401 - JSON is any plain value
    """The value for json.dumps; NaN and infinity become null.

    says  whether each message carries its English text too
    """
    if isinstance(value, Message):
        return with_english(value) if says else to_plain(value)
    if is_dataclass(value) and not isinstance(value, type):
        return {one.name: plain(getattr(value, one.name), says=says) for one in fields(value)}
    if isinstance(value, Mapping):
        return {name: plain(part, says=says) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [plain(part, says=says) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def typed(kind: type[T], told: object) -> T:
    """Plain JSON as a value of that type.

    Raises NotUsable, with the field's name, where a field is missing or of the wrong type.
    """
    return cast("T", read_value(kind, told, "", forgiving=False))


def recalled(kind: type[T], told: object) -> T:
    """As `typed`, for old records: an optional field that cannot be read gets its default."""
    return cast("T", read_value(kind, told, "", forgiving=True))


def read_value(kind: Any, told: Any, name: str, *, forgiving: bool) -> object:  # noqa: ANN401
    """`name` is the field's full path, for error messages: "export.quality"."""
    kind = getattr(kind, "__supertype__", kind)  # the type behind a NewType
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        return read_either(parts, told, name, forgiving=forgiving)
    if kind is Any or (origin is Literal and told in parts):
        return told
    if origin is tuple and isinstance(told, list | tuple):
        return tuple(read_value(parts[0], one, name, forgiving=forgiving) for one in told)
    if origin is dict and isinstance(told, dict):
        return {
            key: read_value(parts[1], one, f"{name}.{key}", forgiving=forgiving)
            for key, one in told.items()
        }
    if isinstance(told, dict) and kind is Message:
        return read_message(told, name)
    if isinstance(told, dict) and isinstance(kind, type) and is_dataclass(kind):
        return read_fields(kind, told, name, forgiving=forgiving)
    if kind is float and isinstance(told, int | float) and not isinstance(told, bool):
        return float(told)
    if kind in (bool, int, str, NoneType) and type(told) is kind:
        return told
    raise NotUsable("request.wrong", field=name, details=repr(told)[:40])


def read_either(kinds: tuple[Any, ...], told: object, name: str, *, forgiving: bool) -> object:
    """The value as the first of those types that it fits."""
    for kind in kinds[:-1]:
        try:
            return read_value(kind, told, name, forgiving=forgiving)
        except NotUsable:
            continue
    return read_value(kinds[-1], told, name, forgiving=forgiving)


def read_message(told: dict[str, Any], name: str) -> Message:
    if not isinstance(told.get("code"), str) or not isinstance(told.get("fields"), dict):
        raise NotUsable("request.wrong", field=name, details=repr(told)[:40])
    return from_plain(told)


def read_fields(kind: type[Any], told: dict[str, Any], name: str, *, forgiving: bool) -> object:
    found = {}
    for one, hint in known_fields(kind):  # type: ignore[arg-type]  # of a type it says "Hashable"
        inner = f"{name}.{one.name}" if name else one.name
        optional = one.default is not MISSING or one.default_factory is not MISSING
        given = told.get(one.name)
        if given is None and optional:
            continue
        if given is None and not (one.name in told and NoneType in get_args(hint)):
            raise NotUsable("request.missing", field=inner)
        try:
            found[one.name] = read_value(hint, given, inner, forgiving=forgiving)
        except NotUsable:
            if not (forgiving and optional):
                raise
    return kind(**found)


@cache
def known_fields(kind: Hashable) -> tuple[tuple[Field[Any], Any], ...]:
    """A dataclass's fields, each with its resolved type (annotations are strings)."""
    assert isinstance(kind, type) and is_dataclass(kind)
    hints = get_type_hints(kind)
    return tuple((one, hints[one.name]) for one in fields(kind))
