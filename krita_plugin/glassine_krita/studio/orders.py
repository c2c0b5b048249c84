"""What the artist chose -> a job with its pixels, or the reason why there is none."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from typing import Any

from ..canvas import pictures
from ..canvas.layers import Refused
from ..engine.catalogue import Catalogue
from ..words.texts import t
from . import already_protected, settings
from .jobs import Job
from .settings import Artist, Choice, Exporting

SEED_BITS = 31


def to_apply(doc: Any, choice: Choice, listed: Catalogue) -> Job:
    """Protects the layer, the selection or the picture; the result is a new layer."""
    doc.waitForDone()  # a stroke that was just made belongs to it
    picture, node = pictures.take(doc, choice.scope)
    name = layer_name(None if node is None else node.name(), choice, listed)
    above = None if node is None else node.uniqueId()
    ask = {"intent": {**choice.intent(), "seed": seed()}, "file": already_protected.file_of(doc)}
    return asking(Job("apply", name, ask, picture, doc, above), choice.scope)


def to_export(doc: Any, path: str, how: Exporting, choice: Choice, artist: Artist) -> Job:
    """What shows, flattened, to a file with marks."""
    doc.waitForDone()
    picture = pictures.flattened(doc)
    export = {"format": how.format, "quality": how.quality, "marks": list(how.marks)}
    export["longest_side"] = how.longest or None
    export["claim"] = asdict(artist)
    export |= {"keep_path": how.keep_path, "sidecar": how.sidecar}
    ask = {"intent": {**choice.intent(), "seed": seed(), "export": export}}
    ask["file"] = already_protected.file_of(doc)
    settings.keep_exporting(doc, how)
    return asking(Job("export", path, ask, picture, doc, path=path), "picture")


def asking(job: Job, scope: str) -> Job:
    """A layer that was made here is known without the engine: ask before any work."""
    if layer := already_protected.twice(job.doc, scope):
        job.state, job.why = "asking", t("twice_layer", layer=layer)
    return job


def refusal(doc: Any, choice: Choice, engine: str) -> str:
    """A key of texts.py, or "" where nothing is in the way."""
    if doc is None:
        return "nothing_to_protect"
    if engine == "absent":
        return "needs_engine"
    return "" if choice.complete else "poison_incomplete"


def layer_name(layer: str | None, choice: Choice, listed: Catalogue) -> str:
    """Says what was done, to which layer."""
    parts = [t(choice.recipe)]
    if choice.recipe != "poison":
        parts.append(listed.says("styles", choice.style) if choice.style else t("chosen_for_me"))
    if choice.recipe != "cloak":
        parts.append(f"{choice.shows} → {choice.teach}")
    return f"{layer or t('picture')} ({', '.join(parts)})"


def seed() -> int:
    """Chosen here so that a failed job can be tried again with the same pixels."""
    return uuid.uuid4().int >> (128 - SEED_BITS)


__all__ = ["Refused", "layer_name", "refusal", "seed", "to_apply", "to_export"]
