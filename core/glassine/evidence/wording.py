"""What is said in every report in the same way. Nothing here promises safety."""

from __future__ import annotations

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
}
OTHER = message("threat.other")


def threat(plan: Plan) -> Message:
    """What the recipe works against, then which families were aimed at and which only measured."""
    works = THREATS.get(plan.recipe.name, OTHER)
    aimed: Field = covered_families(plan.surrogates) or message("threat.nothing")
    if not plan.held_out:
        return message("threat.aimed", works=works, aimed=aimed)
    measured = covered_families(plan.held_out)
    return message("threat.aimed_and_measured", works=works, aimed=aimed, measured=measured)


def covered_families(names: tuple[str, ...]) -> tuple[Field, ...]:
    return tuple(SURROGATES.words(n) if n in SURROGATES else n for n in names)
