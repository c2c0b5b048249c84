"""Whether a poisoned picture is still called what it is, by a captioner at hand."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ..errors import NotUsable
from ..targets import captioner
from ..types import Doubt, Protected

_SILENT = (
    "No captioner is on this machine (see: glassine suggest), so nothing but your eyes says that "
    "the picture still shows what its words say."
)


def recaptioned(protected: Protected) -> tuple[dict[str, Any], tuple[Doubt, ...]]:
    """What it is called before and after, and a doubt where that differs; nothing for a cloak."""
    if not protected.plan.caption:
        return {}, ()
    artwork = protected.plan.artwork
    if not captioner.captioner_present():
        return {}, (Doubt("uncaptioned", _SILENT),)
    try:
        before = captioner.suggest(artwork, 1)[0].says
        after = captioner.suggest(replace(artwork, rgb=protected.rgb), 1)[0].says
    except NotUsable as error:
        return {}, (Doubt("uncaptioned", f"{_SILENT} {error}"),)
    told = {"called_before": before, "called_after": after}
    if before == after:
        return told, ()
    says = (
        f"A captioner here calls the original '{before}' and the protected picture '{after}'. "
        "Poison should look the same to people and to captioners; a scraper that captions by "
        "itself will not give it your words."
    )
    return told, (Doubt("renamed", says),)
