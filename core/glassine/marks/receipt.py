"""The receipt: one line in the artist's own ledger, with everything needed to recognise the file.

Nothing is added to the file. The entry holds hashes, the watermark's id and the settings; it holds
no clean picture, and the settings hold no path.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from .. import ledger
from ..ledger import fingerprint
from ..messages import Message, message
from ..types import Plan, Protected, Report
from .base import Found, Mark


def settings(plan: Plan) -> dict[str, Any]:
    """The decisions that a second run would need, in plain words and numbers."""
    export = plan.export
    return {
        "recipe": plan.recipe.name,
        "score": float(plan.score),
        "steps": plan.steps,
        "warm": plan.warm,
        "draw": plan.recipe.draw,
        "sizes": list(plan.recipe.sizes),
        "surrogates": list(plan.surrogates),
        "goals": [goal.name for goal in plan.goals],
        "caption": plan.caption,
        "format": export.format,
        "quality": export.quality,
        "longest_side": export.longest_side,
        "marks": list(export.marks),
        "policy": export.claim.policy,
        "creator": export.claim.creator,
        "url": export.claim.url,
    }


def entry(data: bytes, protected: Protected) -> ledger.Entry:
    """What the ledger will say about these bytes."""
    plan, pixels = protected.plan, fingerprint.open_small(data)
    return ledger.Entry(
        sha256=hashlib.sha256(data).hexdigest(),
        hashes=fingerprint.hashes(pixels),
        title=plan.export.claim.title,
        format=plan.export.format,
        version=engine_version(),
        settings=settings(plan),
        view=fingerprint.small_jpeg(pixels),
        watermark=plan.export.claim.watermark if "watermark" in plan.export.marks else None,
        seed=plan.seed,
    )


def engine_version() -> str:
    try:
        return version("glassine")
    except PackageNotFoundError:
        return "unpackaged"


def stamp(data: bytes, protected: Protected, report: Report) -> bytes:
    """Writes the entry; gives the bytes back as they came."""
    ledger.record_export(entry(data, protected))
    return data


def read(data: bytes, anchors: str = "") -> Found | None:
    """Whether the ledger knows exactly this file."""
    known = ledger.by_sha256(hashlib.sha256(data).hexdigest())
    if known is None:
        return None
    export, day, told = known.id, known.created[:10], published(known)
    if known.title:
        says = message("receipt.titled", export=export, title=known.title, day=day, published=told)
    else:
        says = message("receipt.untitled", export=export, day=day, published=told)
    return Found("receipt", says, known.receipt())


def published(known: ledger.Entry) -> tuple[Message, ...]:
    """What the ledger says about publishing it."""
    if known.published:
        return tuple(
            message("receipt.published", day=day, where=where) for where, day in known.published
        )
    return (message("receipt.never") if known.never else message("receipt.not_noted"),)


ENTRY = Mark(
    says="A receipt in your own ledger: hashes, watermark id, settings, date",
    label="Entry in my ledger",
    stage="record",
    stamp=stamp,
    read=read,
    note="Stays on this machine. Only a digest of the ledger, kept elsewhere, proves its date.",
)
