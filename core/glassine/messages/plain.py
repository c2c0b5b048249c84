"""A message as plain data, for pipes and JSON, and back."""

from __future__ import annotations

from typing import Any, cast

from .message import Field, Message


def to_plain(said: Message) -> dict[str, Any]:
    """{"code": ..., "fields": {...}}; a message among the fields has the same form."""
    return {"code": said.code, "fields": {name: _out(one) for name, one in said.fields.items()}}


def with_english(said: Message) -> dict[str, Any]:
    """The same with its English words as `says`, for JSON that people read too."""
    return {**to_plain(said), "says": str(said)}


def from_plain(plain: dict[str, Any]) -> Message:
    return Message(plain["code"], {name: _back(one) for name, one in plain["fields"].items()})


def _out(value: Field) -> object:
    if isinstance(value, Message):
        return to_plain(value)
    return [_out(part) for part in value] if isinstance(value, tuple) else value


def _back(value: object) -> Field:
    if isinstance(value, dict):
        return from_plain(value)
    return tuple(_back(part) for part in value) if isinstance(value, list) else cast(Field, value)
