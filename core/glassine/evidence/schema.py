"""The report as plain data. `SCHEMA` grows by one whenever a reader could be surprised.

2: what is said has its code and fields beside its English.
"""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any

from ..messages import Message, with_english
from ..types import Report

SCHEMA = 2


def as_json(report: Report) -> dict[str, Any]:
    """JSON's types only; what was not measured is null. Doubts come first here too."""
    whole: dict[str, Any] = json_ready(report)
    first = ("doubts", "threat", "limits")
    head = {"schema": SCHEMA, "kind": "glassine report"}
    return head | {name: whole[name] for name in first} | whole


def json_ready(value: Any) -> Any:  # noqa: ANN401 - any plain value goes in and out
    """NaN and infinity have no place in JSON; figures keep six digits after the point.

    A message has its code, its fields and its English.
    """
    if isinstance(value, Message):
        return json_ready(with_english(value))
    if is_dataclass(value):
        return {field.name: json_ready(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: json_ready(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(item) for item in value]
    return value
