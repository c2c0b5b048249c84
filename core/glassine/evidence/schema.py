"""The report as plain data. `SCHEMA` grows by one with every change that a reader has to know.

2: every message has its code and fields beside its English.
3: the cost has `haarpsi`, and under `held_out` the judges that the optimiser never looked at.
4: `glance` is the report in four sentences, `offers` are the same copy in smaller formats.
5: the cost has `lpips_alexnet`, where that network is here; `lpips` still is SqueezeNet's.
6: `denoised` has the losses of the model that was looked through; a run names `model` and `prompt`.
7: a trial has `side`: the training size to which the picture was reduced before models saw it, or
   0. Of a picture that training reduces, trials and offers count from its effect at that size.
"""

from __future__ import annotations

from typing import Any

from ..plain import plain
from ..record import ON_PAGE, RunRecord, told
from ..types import Report

SCHEMA = 7


def as_json(report: Report) -> dict[str, Any]:
    """A report in JSON's types, doubts first; what was not measured is null."""
    whole = json_ready(report)
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
    return first | rest


def json_ready(value: object) -> Any:  # noqa: ANN401 - JSON is any plain value
    """In JSON's types; figures keep six decimals, and a message has its English beside its code."""
    return shortened(plain(value, says=True))


def shortened(value: Any) -> Any:  # noqa: ANN401 - any plain value goes in and out
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, dict):
        return {key: shortened(item) for key, item in value.items()}
    return [shortened(item) for item in value] if isinstance(value, list) else value
