"""Sentences that every report has: threats and limits. Nothing here promises safety."""

from __future__ import annotations

from ..embedders import EMBEDDERS
from ..machine.weights import RESEARCH
from ..messages import Field, Message, message
from ..surrogates import SURROGATES
from ..types import Plan

LIMITS = (
    message("limit.removable"),
    message("limit.no_upgrade"),
    message("limit.older_copies"),
    message("limit.other_ways"),
    message("limit.proxy"),
    message("limit.left_out"),
)

THREATS = {
    "cloak": message("threat.cloak"),
    "poison": message("threat.poison"),
    "both": message("threat.both"),
    "fawkes": message("threat.face"),
    "lowkey": message("threat.face"),
    "foggysight": message("threat.decoy"),
    "advdm": message("threat.denoiser"),
    "advdm-word": message("threat.denoiser"),
    "advdm-early": message("threat.denoiser"),
    "sds": message("threat.denoiser"),
    "mist": message("threat.denoiser"),
    "cloak-sds": message("threat.denoiser"),
    "subject": message("threat.denoiser"),
}
FACE_LIMITS = (
    message("lookup.always"),
    message("limit.face_other"),
    message("limit.no_upgrade"),
    message("limit.older_copies"),
    message("limit.left_out"),
)
OTHER = message("threat.other")
NO_DENOISER = message("limit.no_denoiser")


def threat(plan: Plan) -> Message:
    """What the recipe works against, then which families were aimed at and which only measured."""
    works = THREATS.get(plan.recipe.name, OTHER)
    aimed: Field = covered_families(plan.surrogates) or message("threat.nothing")
    if not plan.held_out:
        return message("threat.aimed", works=works, aimed=aimed)
    measured = covered_families(plan.held_out)
    return message("threat.aimed_and_measured", works=works, aimed=aimed, measured=measured)


def limits(plan: Plan) -> tuple[Message, ...]:
    if plan.faces:
        return FACE_LIMITS
    return LIMITS if plan.model else (*LIMITS, NO_DENOISER)


def covered_families(names: tuple[str, ...]) -> tuple[Field, ...]:
    return tuple(words_of(name) for name in names)


def words_of(name: str) -> Field:
    """What an encoder stands for, or which face network it is; a folder's name as it is."""
    if name in EMBEDDERS:
        return EMBEDDERS.words(name)
    if name == RESEARCH:
        return message("threat.research")
    return SURROGATES.words(name) if name in SURROGATES else name
