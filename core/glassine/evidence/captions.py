"""Whether a captioner on this machine still says of a poisoned picture what it shows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import NotUsable
from ..messages import Message, message
from ..targets import captioner
from ..types import Protected


def recaptioned(protected: Protected) -> tuple[dict[str, Any], tuple[Message, ...]]:
    """Captions before and after as facts, and a doubt where they differ; nothing for a cloak."""
    if not protected.plan.caption:
        return {}, ()
    artwork = protected.plan.artwork
    if not captioner.captioner_present():
        return {}, (message("doubt.uncaptioned"),)
    try:
        before = captioner.suggest(artwork, 1)[0].says
        after = captioner.suggest(replace(artwork, rgb=protected.rgb), 1)[0].says
    except NotUsable as error:
        return {}, (message("doubt.captioner_failed", reason=error.message),)
    told = {"called_before": before, "called_after": after}
    if before == after:
        return told, ()
    return told, (message("doubt.renamed", before=before, after=after),)
