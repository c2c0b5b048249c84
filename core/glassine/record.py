"""The record of a run: what was asked, what was decided, what came out.

A page of evidence, a receipt, a line of --json and an answer of the service each hold a part of
this record. All of them are read back here, even those written before records had a version.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from .plain import Said, plain, recalled
from .types import Encoded, Protected, Report
from .version import engine_version

VERSION = 1
"""Grows by one whenever an older reader could misunderstand a field; 0: records without one."""

DECIDED = ("recipe", "goals", "goal_names", "score", "steps", "also_at", "seed", "model", "prompt")
ON_PAGE = (
    *("engine", *DECIDED, "surrogates", "held_out", "caption", "format", "quality", "device"),
    *("steps_in", "size", "measured", "sha256_clean_pixels", "sha256_protected_pixels", "notes"),
    *("called_before", "called_after", "sha256_file"),
)
IN_RECEIPT = (
    *("recipe", "score", "steps", "also_at", "surrogates", "goal_names", "caption"),
    *("format", "quality", "longest_side", "marks", "policy", "creator", "url"),
)
IN_LINE = (
    *("sha256", "format", "width", "height", "recipe", "goals", "surrogates", "seed", "steps"),
    *("also_at", "caption", "marks", "notes"),
)


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """What it takes to repeat the run, and what came out. Unknown fields are at their defaults.

    version   of the record's format
    goals     as shown to people; `goal_names` are kinds of target
    also_at   training's buckets around which the picture was optimised too, as sides in pixels of
              squares with as many pixels
    held_out  encoders that were only measured
    model, prompt  the model whose denoiser was optimised against, and the prompt given to it
    steps_in  number format of the steps, such as bfloat16
    size      width and height
    measured  left, top, width and height of the part that was measured
    called_before, called_after  captions that a local captioner gave the original and the copy
    """

    version: int = 0
    engine: str = ""
    recipe: str = ""
    goals: tuple[Said, ...] = ()
    goal_names: tuple[str, ...] = ()
    score: float = 0.0
    steps: int = 0
    also_at: tuple[int, ...] = ()
    seed: int | None = None
    surrogates: tuple[str, ...] = ()
    held_out: tuple[str, ...] = ()
    caption: str = ""
    model: str = ""
    prompt: str = ""
    format: str = ""
    quality: int = 0
    longest_side: int | None = None
    marks: tuple[str, ...] = ()
    watermark: int | None = None
    title: str = ""
    policy: str = ""
    creator: str = ""
    url: str = ""
    device: Said = ""
    steps_in: str = ""
    size: tuple[int, ...] = ()
    measured: tuple[int, ...] = ()
    sha256_clean_pixels: str = ""
    sha256_protected_pixels: str = ""
    notes: tuple[Said, ...] = ()
    called_before: str = ""
    called_after: str = ""
    sha256_file: str = ""

    @property
    def sha256(self) -> str:
        return self.sha256_file

    @property
    def width(self) -> int:
        return self.size[0]

    @property
    def height(self) -> int:
        return self.size[1]


def record_of(protected: Protected) -> RunRecord:
    """The record as far as the picture and its plan determine it."""
    plan, (height, width) = protected.plan, protected.rgb.shape[1:]
    export, claim = plan.export, plan.export.claim
    return RunRecord(
        version=VERSION,
        engine=engine_version(),
        recipe=plan.recipe.name,
        goals=tuple(goal.says for goal in plan.goals),
        goal_names=tuple(goal.name for goal in plan.goals),
        score=float(plan.score),
        steps=plan.steps,
        also_at=plan.also_at,
        seed=plan.seed,
        surrogates=plan.surrogates,
        held_out=plan.held_out,
        caption=plan.caption,
        model=Path(plan.model).name,
        prompt=plan.prompt,
        format=export.format,
        quality=export.quality,
        longest_side=export.longest_side,
        marks=export.marks,
        watermark=claim.watermark if "watermark" in export.marks else None,
        title=claim.title,
        policy=claim.policy,
        creator=claim.creator,
        url=claim.url,
        size=(width, height),
        notes=(*plan.artwork.notes, *protected.notes),
    )


def record_in(report: Report, protected: Protected) -> RunRecord:
    """The report's record, or what is known without one."""
    return report.record or record_of(protected)


def with_file(report: Report, protected: Protected, done: Encoded) -> Report:
    """The report, its record completed by the finished file's digest and notes."""
    record = record_in(report, protected)
    notes = (*record.notes, *done.notes)
    return replace(report, record=replace(record, sha256_file=done.sha256, notes=notes))


def parts(record: RunRecord, names: Iterable[str]) -> dict[str, Any]:
    return {name: getattr(record, name) for name in names}


def told(record: RunRecord, names: Iterable[str]) -> dict[str, Any]:
    """Those fields as plain JSON, with the record's version."""
    return {"version": record.version, **plain(parts(record, names), says=True)}


def read_record(stored: object) -> RunRecord:
    """The record in a page's, receipt's or service's JSON, however old it is."""
    known = dict(stored) if isinstance(stored, Mapping) else {}
    if "sha256" in known:
        known["sha256_file"] = known["sha256"]
    if "width" in known and "height" in known:
        known["size"] = [known["width"], known["height"]]
    return recalled(RunRecord, known)
