"""The report as plain data. `SCHEMA` grows by one whenever a reader could be surprised.

2: what is said has its code and fields beside its English.
"""

from __future__ import annotations

import math
from typing import Any

from ..plain import plain
from ..record import ON_PAGE, RunRecord, told
from ..types import Report

SCHEMA = 2


def as_json(report: Report) -> dict[str, Any]:
    """JSON's types only; what was not measured is null. Doubts come first here too."""
    whole = plain(report, says=True)
    whole["facts"] = told(report.record or RunRecord(), ON_PAGE)
    del whole["record"]
    first = {
        "schema": SCHEMA,
        "kind": "glassine report",
        "doubts": whole["doubts"],
        "threat": whole["threat"],
        "limits": whole["limits"],
    }
    rest = {name: value for name, value in whole.items() if name not in first}
    cleaned: dict[str, Any] = json_ready(first | rest)
    return cleaned


def json_ready(value: Any) -> Any:  # noqa: ANN401 - any plain value goes in and out
    """Figures keep six digits after the point; NaN and infinity have no place in JSON."""
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    if isinstance(value, dict):
        return {key: json_ready(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [json_ready(item) for item in value]
    return value
