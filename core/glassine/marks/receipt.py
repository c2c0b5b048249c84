"""The receipt: one line in the artist's own ledger, with everything needed to recognise the file.

Nothing is added to the file. The entry holds hashes, the watermark's id and the settings; it holds
no clean picture, and the settings hold no path.
"""

from __future__ import annotations

import hashlib
from typing import Any

from .. import ledger
from ..ledger import fingerprint
from ..types import Plan, Protected, Report
from ..version import engine_version
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


def stamp(data: bytes, protected: Protected, report: Report) -> bytes:
    """Writes the entry; gives the bytes back as they came."""
    ledger.record_export(entry(data, protected))
    return data


def read(data: bytes, anchors: str = "") -> Found | None:
    """Whether the ledger knows exactly this file."""
    known = ledger.by_sha256(hashlib.sha256(data).hexdigest())
    if known is None:
        return None
    told = "; ".join(f"published {day} at {where}" for where, day in known.published)
    told = told or ("never published" if known.never else "nothing noted about publishing")
    title = f" '{known.title}'" if known.title else ""
    says = f"Your export {known.id}{title} of {known.created[:10]}, to the byte; {told}."
    return Found("receipt", says, known.receipt())


ENTRY = Mark(
    says="A receipt in your own ledger: hashes, watermark id, settings, date",
    stage="record",
    stamp=stamp,
    read=read,
    note="Stays on this machine. To date it, keep the digest of `glassine ledger seal` elsewhere.",
)
